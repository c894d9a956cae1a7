/* The small steps of the text reader: words, numbers, shapes, types, and the reports of what was
 * expected. */
#include "text_parse.h"

#include "text_words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

void parser_advance(struct parser *p) { p->token = lexer_next(&p->lexer); }

bool parser_take(struct parser *p, char c)
{
    bool found = p->token.kind == TOKEN_PUNCTUATION && p->token.text[0] == c;
    if (found)
        parser_advance(p);
    return found;
}

static bool is_word(const struct parser *p, const char *word)
{
    return p->token.kind == TOKEN_WORD && strcmp(p->token.text, word) == 0;
}

bool parser_take_word(struct parser *p, const char *word)
{
    bool found = is_word(p, word);
    if (found)
        parser_advance(p);
    return found;
}

bool parser_want(struct parser *p, char c)
{
    const char what[] = {'\'', c, '\'', '\0'};
    return parser_take(p, c) || parser_expected(p, what);
}

bool parser_want_word(struct parser *p, const char *word)
{
    return parser_take_word(p, word) || parser_expected(p, word);
}

bool parser_expected(struct parser *p, const char *what)
{
    const char *format = p->token.kind == TOKEN_END ? "%s" : "'%.40s'";
    char found[64];
    snprintf(found, sizeof found, format, p->token.text);
    for (char *c = found; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = '?';
    diag_report(p->diag, p->token.span, DIAG_GRAPH_EXPECTED, what, found);
    return false;
}

bool parser_unknown(struct parser *p, const char *what, const char *const *candidates, size_t count)
{
    if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STATE)
        return parser_expected(p, what);
    diag_report(p->diag, p->token.span, DIAG_GRAPH_UNKNOWN, what, p->token.text);
    const char *nearest = str_nearest(p->token.text, candidates, count);
    if (nearest)
        diag_note(p->diag, "did you mean '%s'?", nearest);
    return false;
}

bool parser_name(struct parser *p, const char **name)
{
    if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_STRING)
        return parser_expected(p, "a name");
    *name = p->token.text;
    parser_advance(p);
    return true;
}

bool parser_quoted(struct parser *p, const char **text)
{
    if (p->token.kind != TOKEN_STRING)
        return parser_expected(p, "a string");
    *text = p->token.text;
    parser_advance(p);
    return true;
}

/* ---- numbers ---- */

bool parser_int(struct parser *p, const char *what, int64_t least, int64_t most, int64_t *v)
{
    if (p->token.kind != TOKEN_NUMBER)
        return parser_expected(p, "an integer");
    char *end;
    errno = 0;
    long long number = strtoll(p->token.text, &end, 10);
    if (*end)
        return parser_expected(p, "an integer");
    if (errno == ERANGE || number < least || number > most) {
        diag_report(p->diag, p->token.span, DIAG_GRAPH_NUMBER, what, (long long)least,
                    (long long)most);
        return false;
    }
    *v = number;
    parser_advance(p);
    return true;
}

bool parser_float(struct parser *p, double *v)
{
    bool word = is_word(p, "nan") || is_word(p, "inf"); /* "-inf" is a number token */
    if (p->token.kind != TOKEN_NUMBER && !word)
        return parser_expected(p, "a number");
    char *end;
    double number = strtod(p->token.text, &end);
    if (*end || end == p->token.text)
        return parser_expected(p, "a number");
    *v = number;
    parser_advance(p);
    return true;
}

bool parser_bool(struct parser *p, bool *v)
{
    *v = parser_take_word(p, "true");
    return *v || parser_take_word(p, "false") || parser_expected(p, "true or false");
}

bool parser_ints(struct parser *p, const char *what, int64_t *v, int count)
{
    if (!parser_want(p, '['))
        return false;
    for (int i = 0; i < count; i++)
        if ((i > 0 && !parser_want(p, ',')) ||
            !parser_int(p, what, -PARSER_MAX_SIZE, PARSER_MAX_SIZE, &v[i]))
            return false;
    return parser_want(p, ']');
}

bool parser_floats(struct parser *p, double *v, int count)
{
    if (!parser_want(p, '['))
        return false;
    for (int i = 0; i < count; i++)
        if ((i > 0 && !parser_want(p, ',')) || !parser_float(p, &v[i]))
            return false;
    return parser_want(p, ']');
}

bool parser_list(struct parser *p, const char *what, struct int_list *list)
{
    VEC(int64_t) numbers = {0};
    int64_t v = 0;
    if (!parser_want(p, '['))
        return false;
    do {
        if (!parser_int(p, what, -PARSER_MAX_SIZE, PARSER_MAX_SIZE, &v))
            return false;
        vec_push(p->program->arena, &numbers, v);
    } while (parser_take(p, ','));
    *list = (struct int_list){.count = numbers.len, .at = numbers.at};
    return parser_want(p, ']');
}

/* ---- shapes and types ---- */

static bool parser_dim(struct parser *p, struct shape *s)
{
    if (s->rank == SHAPE_MAX_RANK)
        return parser_expected(p, "at most 6 sizes");
    if (s->rank == 0 && parser_take_word(p, "N")) {
        s->dim[s->rank++] = DIM_BATCH;
        return true;
    }
    return parser_int(p, "a size", 1, PARSER_MAX_SIZE, &s->dim[s->rank++]);
}

bool parser_shape(struct parser *p, struct shape *s)
{
    *s = shape_scalar();
    if (!parser_want(p, '['))
        return false;
    if (parser_take(p, ']'))
        return true;
    do {
        if (!parser_dim(p, s))
            return false;
    } while (parser_take(p, ','));
    return parser_want(p, ']');
}

bool parser_dtype(struct parser *p, enum ftmrt_dtype *dtype)
{
    if (p->token.kind != TOKEN_WORD)
        return parser_expected(p, "a type");
    if (!dtype_by_word(p->token.text, dtype))
        return parser_unknown(p, "data type", NULL, 0);
    parser_advance(p);
    return true;
}

bool parser_type(struct parser *p, struct type *t)
{
    return parser_dtype(p, &t->dtype) && parser_shape(p, &t->shape);
}

bool parser_layout(struct parser *p, enum ftmrt_layout *layout)
{
    const char *names[FTMRT_LAYOUT_COUNT];
    for (unsigned i = 0; i < FTMRT_LAYOUT_COUNT; i++) {
        names[i] = ftmrt_layout_name((enum ftmrt_layout)i);
        if (parser_take_word(p, names[i])) {
            *layout = (enum ftmrt_layout)i;
            return true;
        }
    }
    return parser_unknown(p, "layout", names, FTMRT_LAYOUT_COUNT);
}

bool parser_value(struct parser *p, value_id *v)
{
    if (p->token.kind != TOKEN_VALUE)
        return parser_expected(p, "% and the name of a value");
    uintptr_t index = (uintptr_t)map_get(&p->values, p->token.text);
    if (index == 0) {
        diag_report(p->diag, p->token.span, DIAG_GRAPH_UNDEFINED,
                    arena_printf(p->arena, "%%%s", p->token.text));
        return false;
    }
    v->i = (uint32_t)(index - 1);
    parser_advance(p);
    return true;
}

bool parser_shape_fits(struct parser *p, struct span span, const char *name, const struct shape *s)
{
    char text[128];
    if (shape_elements(s, 1) <= PARSER_MAX_SIZE)
        return true;
    diag_report(p->diag, span, DIAG_STATE_TOO_LARGE, name, shape_text(s, text, sizeof text));
    return false;
}

bool parser_role(struct parser *p, enum ftmrt_role *role)
{
    for (unsigned i = 0; text_role_word(i); i++) {
        if (parser_take_word(p, text_role_word(i))) {
            *role = (enum ftmrt_role)i;
            return true;
        }
    }
    return parser_expected(p, "a role");
}
