/* Python as text. */
#include "python.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_WIDTH = 88, INDENT = 4 };

/* ---- lines ---- */

/* Behind a string literal that begins at p. */
static const char *skip_string(const char *p)
{
    const char quote = *p++;
    while (*p && *p != quote)
        p += *p == '\\' && p[1] ? 2 : 1;
    return *p ? p + 1 : p;
}

/* Behind the character at p, or the string literal that begins there; *depth: how many brackets are open. */
static const char *step(const char *p, int *depth)
{
    if (*p == '"')
        return skip_string(p);
    *depth += (strchr("([{", *p) != NULL) - (strchr(")]}", *p) != NULL);
    return p + 1;
}

/* The last bracket of a text that stands in no other one, or NULL. */
static const char *last_bracket(const char *text)
{
    const char *last = NULL;
    int depth = 0;
    for (const char *p = text; *p;) {
        const char *at = p;
        const bool outside = depth == 0;
        p = step(p, &depth);
        if (outside && depth > 0)
            last = at;
    }
    return last;
}

/* The end of the item that begins at p: a comma outside brackets, or the end of the text. */
static const char *item_end(const char *p)
{
    for (int depth = 0; *p && (depth > 0 || *p != ',');)
        p = step(p, &depth);
    return p;
}

static const char *bracket_end(const char *open)
{
    int depth = 0;
    const char *p = open, *at = open;
    do {
        at = p;
        p = step(p, &depth);
    } while (depth > 0 && *p);
    return depth > 0 ? p : at;
}

static void add_indented(struct strbuf *out, int depth, const char *text)
{
    strbuf_addf(out, "%*s%s\n", depth * INDENT, "", text);
}

/* Each item on a line of its own, with a comma behind. */
static void add_items(struct strbuf *out, int depth, const char *body)
{
    struct arena *arena = out->arena;
    for (const char *p = body; *p;) {
        const char *end = item_end(p);
        python_line(out, depth, arena_printf(arena, "%.*s,", (int)(end - p), p));
        p = end + (*end == ',');
        p += *p == ' ';
    }
}

static bool fits(int depth, const char *text)
{
    return depth * INDENT + (int)strlen(text) <= LINE_WIDTH;
}

void python_line(struct strbuf *out, int depth, const char *statement)
{
    struct arena *arena = out->arena;
    const char *open = fits(depth, statement) ? NULL : last_bracket(statement);
    const char *close = open ? bracket_end(open) : NULL;
    if (!open || close == open + 1) {
        add_indented(out, depth, statement);
        return;
    }
    const char *body = arena_strndup(arena, open + 1, (size_t)(close - open - 1));
    add_indented(out, depth, arena_strndup(arena, statement, (size_t)(open + 1 - statement)));
    if (fits(depth + 1, body) || !*item_end(body))
        python_line(out, depth + 1, body);
    else
        add_items(out, depth + 1, body);
    add_indented(out, depth, close);
}

/* ---- words ---- */

const char *python_string(struct arena *arena, const char *text)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    strbuf_addc(&b, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            strbuf_addf(&b, "\\%c", *p);
        else if ((unsigned char)*p < ' ' || *p == 127)
            strbuf_addf(&b, "\\x%02x", (unsigned char)*p);
        else
            strbuf_addc(&b, *p);
    }
    strbuf_addc(&b, '"');
    return b.text;
}

const char *python_class_name(struct arena *arena, const char *name)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    bool capital = true;
    for (const char *p = name; *p; p++) {
        if (*p == '_') {
            capital = true;
            continue;
        }
        strbuf_addc(&b, capital ? (char)toupper((unsigned char)*p) : *p);
        capital = false;
    }
    return b.len && !isdigit((unsigned char)*b.text)
               ? b.text
               : arena_printf(arena, "Block%s", b.len ? b.text : "");
}

static bool is_reserved(const char *text)
{
    static const char *const words[] = {
        "False",   "None",     "True",     "and",    "as",    "assert", "async",  "await",
        "break",   "class",    "continue", "def",    "del",   "elif",   "else",   "except",
        "finally", "for",      "from",     "global", "if",    "import", "in",     "is",
        "lambda",  "nonlocal", "not",      "or",     "pass",  "raise",  "return", "try",
        "while",   "with",     "yield",    "self",   "torch", "nn",     "F",      "super"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(words[i], text))
            return true;
    return false;
}

bool python_is_name(const char *text)
{
    for (const char *p = text; *p; p++)
        if (!isalnum((unsigned char)*p) && *p != '_')
            return false;
    return *text && !isdigit((unsigned char)*text) && !is_reserved(text);
}

const char *python_name(struct arena *arena, const char *text)
{
    if (python_is_name(text))
        return text;
    if (is_reserved(text))
        return arena_printf(arena, "%s_", text);
    char *name = arena_printf(arena, "_%s", text);
    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p))
            *p = '_';
    return name;
}

/* ---- values ---- */

static const char *number(struct arena *arena, double v)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    strbuf_add_double(&b, v);
    return b.text;
}

static bool all_equal(const struct ftmrt_arg *a)
{
    for (uint32_t i = 1; i < a->count; i++)
        if (a->numbers[i] != a->numbers[0])
            return false;
    return a->count > 0;
}

/* Height and width that are equal are one number. */
static bool is_single(enum ftmrt_type type, const struct ftmrt_arg *a)
{
    if (type == FTMRT_TYPE_SPREAD || type == FTMRT_TYPE_SPREADS)
        return a->count == 1;
    return (type == FTMRT_TYPE_PAIR || type == FTMRT_TYPE_PADDING || type == FTMRT_TYPE_SCALE) &&
           all_equal(a);
}

static const char *numbers(struct arena *arena, enum ftmrt_type type, const struct ftmrt_arg *a)
{
    if (is_single(type, a))
        return number(arena, a->numbers[0]);
    const bool list = type == FTMRT_TYPE_NUMBERS;
    struct strbuf b;
    strbuf_init(&b, arena);
    strbuf_addc(&b, list ? '[' : '(');
    for (uint32_t i = 0; i < a->count; i++)
        strbuf_addf(&b, "%s%s", i ? ", " : "", number(arena, a->numbers[i]));
    strbuf_add(&b, list ? "]" : a->count == 1 ? ",)" : ")");
    return b.text;
}

static const char *texts(struct arena *arena, const struct ftmrt_arg *a)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    strbuf_addc(&b, '[');
    for (uint32_t i = 0; i < a->count; i++)
        strbuf_addf(&b, "%s%s", i ? ", " : "", python_string(arena, a->texts[i]));
    strbuf_addc(&b, ']');
    return b.text;
}

const char *python_value(struct arena *arena, const struct ftmrt_param_info *p,
                         const struct ftmrt_arg *a)
{
    const bool file = ftmrt_type_is_path(p->type);
    switch (a->kind) {
    case FTMRT_ARG_INTEGER:
        if (p->type == FTMRT_TYPE_BOOL)
            return a->integer ? "True" : "False";
        if (p->type == FTMRT_TYPE_LABEL)
            return python_string(arena, ftmrt_label_word((enum ftmrt_label_kind)a->integer));
        return arena_printf(arena, "%" PRId64, a->integer);
    case FTMRT_ARG_NUMBER: return number(arena, a->number);
    case FTMRT_ARG_TEXT:
        return arena_printf(arena, "%s%s", file ? "HERE / " : "", python_string(arena, a->text));
    case FTMRT_ARG_NUMBERS: return numbers(arena, p->type, a);
    case FTMRT_ARG_TEXTS: return texts(arena, a);
    case FTMRT_ARG_NONE:
    case FTMRT_ARG_CALLS: break;
    }
    return NULL;
}

bool python_is_default(struct arena *arena, const struct ftmrt_param_info *p,
                       const struct ftmrt_arg *a)
{
    if (a->kind == FTMRT_ARG_NONE)
        return true;
    if (!p->value)
        return false;
    if (a->kind == FTMRT_ARG_TEXT) {
        const size_t n = strcspn(p->value, "|");
        return !strncmp(a->text, p->value, n) && !a->text[n];
    }
    if (p->type == FTMRT_TYPE_LABEL)
        return !strcmp(ftmrt_label_word((enum ftmrt_label_kind)a->integer), p->value);
    if (p->type == FTMRT_TYPE_BOOL)
        return (a->integer != 0) == !strcmp(p->value, "true");
    char *end;
    const char *text = python_value(arena, p, a);
    const double value = strtod(p->value, &end);
    if (end != p->value && !*end && text)
        return a->kind == FTMRT_ARG_INTEGER  ? (double)a->integer == value
               : a->kind == FTMRT_ARG_NUMBER ? a->number == value
                                             : is_single(p->type, a) && a->numbers[0] == value;
    struct strbuf list;
    strbuf_init(&list, arena);
    for (uint32_t i = 0; a->kind == FTMRT_ARG_NUMBERS && i < a->count; i++)
        strbuf_addf(&list, "%s%s", i ? ", " : "[", number(arena, a->numbers[i]));
    return list.len && !strncmp(list.text, p->value, list.len) && !strcmp(p->value + list.len, "]");
}
