/* The lexer of the text form: one character decides what a token is. `#` starts a comment that ends
 * with the line. */
#include "text_lex.h"

#include <ctype.h>
#include <string.h>

#include "str.h"
#include "text_words.h"

void lexer_init(struct lexer *x, struct arena *arena, const struct source *source)
{
    *x = (struct lexer){.arena = arena, .source = source, .at = source->text, .line = 1};
    x->end = source->text + source->size;
    x->line_start = x->at;
}

static char peek(const struct lexer *x) { return x->at < x->end ? *x->at : '\0'; }

static void skip_space(struct lexer *x)
{
    while (x->at < x->end) {
        if (*x->at == '#') {
            const char *stop = memchr(x->at, '\n', (size_t)(x->end - x->at));
            x->at = stop ? stop : x->end;
        } else if (*x->at == '\n') {
            x->at++;
            x->line++;
            x->line_start = x->at;
        } else if (isspace((unsigned char)*x->at)) {
            x->at++;
        } else {
            return;
        }
    }
}

static int hex_digit(const struct lexer *x, const char *p)
{
    static const char digits[] = "0123456789abcdef";
    const char *d = p < x->end && *p ? strchr(digits, *p) : NULL;
    return d ? (int)(d - digits) : -1;
}

/* One character of a string behind a backslash: \" \\ \xHH; false if it is none of these. */
static bool lex_escape(struct lexer *x, struct strbuf *b)
{
    char c = peek(x);
    if (c == 'x') {
        int high = hex_digit(x, x->at + 1), low = hex_digit(x, x->at + 2);
        if (high < 0 || low < 0 || high + low == 0)
            return false;
        strbuf_addc(b, (char)(high * 16 + low));
        x->at += 3;
        return true;
    }
    if (c != '"' && c != '\\')
        return false;
    strbuf_addc(b, c);
    x->at++;
    return true;
}

/* From the opening quote; NULL if the string does not end on its line. */
static const char *lex_string(struct lexer *x)
{
    struct strbuf b;
    strbuf_init(&b, x->arena);
    strbuf_add(&b, "");
    x->at++;
    for (;;) {
        char c = peek(x);
        if (c == '\0' || c == '\n')
            return NULL;
        x->at++;
        if (c == '"')
            return b.text;
        if (c != '\\')
            strbuf_addc(&b, c);
        else if (!lex_escape(x, &b))
            return NULL;
    }
}

static const char *lex_word(struct lexer *x)
{
    const char *start = x->at;
    while (x->at < x->end && text_word_char(*x->at))
        x->at++;
    return arena_strndup(x->arena, start, (size_t)(x->at - start));
}

/* Digits, letters, points and signs that follow an exponent; the reader of the number checks the
 * form. */
static const char *lex_number(struct lexer *x)
{
    const char *start = x->at++;
    while (x->at < x->end &&
           (isalnum((unsigned char)*x->at) || *x->at == '.' ||
            ((*x->at == '-' || *x->at == '+') && (x->at[-1] == 'e' || x->at[-1] == 'E'))))
        x->at++;
    return arena_strndup(x->arena, start, (size_t)(x->at - start));
}

/* A name behind % or @; NULL if there is none. */
static const char *lex_sigil(struct lexer *x, bool quoted)
{
    x->at++;
    if (quoted && peek(x) == '"')
        return lex_string(x);
    const char *word = lex_word(x);
    return word[0] ? word : NULL;
}

static const char *lex_one(struct lexer *x)
{
    const char *start = x->at++;
    return arena_strndup(x->arena, start, 1);
}

struct token lexer_next(struct lexer *x)
{
    skip_space(x);
    struct token t = {.span = {x->source, x->line, (uint32_t)(x->at - x->line_start) + 1, 1}};
    const char *start = x->at;
    char c = peek(x);
    if (x->at == x->end) {
        t.kind = TOKEN_END;
        t.text = "the end of the file";
        return t;
    }
    if (isalpha((unsigned char)c) || c == '_') {
        t.kind = TOKEN_WORD;
        t.text = lex_word(x);
    } else if (isdigit((unsigned char)c) || c == '-') {
        t.kind = TOKEN_NUMBER;
        t.text = lex_number(x);
    } else if (c == '"') {
        t.kind = TOKEN_STRING;
        t.text = lex_string(x);
    } else if (c == '%' || c == '@') {
        t.kind = c == '%' ? TOKEN_VALUE : TOKEN_STATE;
        t.text = lex_sigil(x, c == '@');
    } else {
        t.kind = c && strchr("=(){}[],:", c) ? TOKEN_PUNCTUATION : TOKEN_INVALID;
        t.text = lex_one(x);
    }
    t.span.length = (uint32_t)(x->at - start);
    if (!t.text) { /* an unfinished string, a sign without a name */
        t.kind = TOKEN_INVALID;
        t.text = arena_strndup(x->arena, start, (size_t)(x->at - start));
    }
    return t;
}
