/* Collects reports and prints them with the line of the source and a caret under the place.
 *
 * Source text is untrusted: control characters are shown as '?', and of a very long line only the
 * part around the place is shown. Columns count bytes; the caret line skips UTF-8 continuation
 * bytes, so that it stays below its character. */
#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "str.h"

enum { DIAG_MAX_KEPT = 20, DIAG_MAX_LINE = 160 };

static const struct {
    const char *code;
    enum diag_severity severity;
    const char *format;
} rows[] = {
#define DIAG(id, code, severity, format) {code, DIAG_##severity, format},
#include "diag.def"
#undef DIAG
};

void diag_init(struct diag *d, struct arena *arena) { *d = (struct diag){.arena = arena}; }

/* Whether the same was reported of the same place: a layer is in several functions. */
static bool is_known(const struct diag *d, const struct diag_item *item)
{
    for (uint32_t i = 0; item->span.source && i < d->items.len; i++) {
        const struct diag_item *other = &d->items.at[i];
        if (other->id == item->id && other->span.source == item->span.source &&
            other->span.line == item->span.line && other->span.column == item->span.column &&
            strcmp(other->text, item->text) == 0)
            return true;
    }
    return false;
}

void diag_report(struct diag *d, struct span span, enum diag_id id, ...)
{
    uint32_t *count = rows[id].severity == DIAG_ERROR ? &d->errors : &d->warnings;
    d->dropped = *count >= DIAG_MAX_KEPT;
    if (d->dropped) {
        (*count)++;
        return;
    }
    struct diag_item item = {.id = id, .span = span};
    va_list args;
    va_start(args, id);
    item.text = str_printable(d->arena, arena_vprintf(d->arena, rows[id].format, args));
    va_end(args);
    d->dropped = is_known(d, &item);
    if (d->dropped)
        return;
    (*count)++;
    vec_push(d->arena, &d->items, item);
}

void diag_note(struct diag *d, const char *format, ...)
{
    if (d->dropped || d->items.len == 0)
        return;
    va_list args;
    va_start(args, format);
    const char *text = str_printable(d->arena, arena_vprintf(d->arena, format, args));
    va_end(args);
    vec_push(d->arena, &d->items.at[d->items.len - 1].notes, text);
}

void diag_system(struct diag *d, const char *path, int error)
{
    diag_report(d, SPAN_NONE, DIAG_SYSTEM, path, strerror(error));
}

/* ---- printing ---- */

struct style {
    const char *bold, *error, *warning, *note, *reset;
};

static const struct style plain_style = {"", "", "", "", ""};
static const struct style color_style = {"\033[1m", "\033[1;31m", "\033[1;35m", "\033[1;36m",
                                         "\033[0m"};

static const struct style *style_of(const struct diag *d)
{
    bool color = d->color ? strcmp(d->color, "always") == 0 : isatty(STDERR_FILENO) == 1;
    return color ? &color_style : &plain_style;
}

/* The line of a span, without its end; false if the text has no such line. */
static bool find_line(const struct span *s, const char **line, size_t *length)
{
    const char *p = s->source->text, *end = p + s->source->size;
    for (uint32_t i = 1; i < s->line; i++) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p)
            return false;
        p++;
    }
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    *line = p;
    *length = (size_t)((stop ? stop : end) - p);
    if (*length > 0 && p[*length - 1] == '\r')
        (*length)--;
    return true;
}

static bool continuation(char c) { return ((unsigned char)c & 0xC0) == 0x80; }

static void print_excerpt(const struct span *s, const struct style *style, FILE *out)
{
    const char *line;
    size_t length;
    if (!s->source->text || s->line == 0 || !find_line(s, &line, &length))
        return;
    size_t at = s->column > 0 ? s->column - 1 : 0;
    if (at > length)
        at = length;
    size_t first = at > DIAG_MAX_LINE / 2 && length > DIAG_MAX_LINE ? at - DIAG_MAX_LINE / 2 : 0;
    size_t last = length - first > DIAG_MAX_LINE ? first + DIAG_MAX_LINE : length;
    int width = fprintf(out, "  %u", s->line);
    fputs(first > 0 ? " | ..." : " | ", out);
    for (size_t i = first; i < last; i++)
        fputc(((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7F ? '?' : line[i],
              out);
    fprintf(out, "%s\n%*s%s", last < length ? "..." : "", width, "", first > 0 ? " |    " : " | ");
    for (size_t i = first; i < at; i++)
        if (!continuation(line[i]))
            fputc(line[i] == '\t' ? '\t' : ' ', out);
    fprintf(out, "%s^", style->error);
    size_t stop = s->length < last - at ? at + s->length : last;
    for (size_t i = at + 1; i < stop; i++)
        if (!continuation(line[i]))
            fputc('~', out);
    fprintf(out, "%s\n", style->reset);
}

static void print_item(const struct diag_item *item, const struct style *style, FILE *out)
{
    const struct span *s = &item->span;
    fputs(style->bold, out);
    if (!s->source)
        fputs("ftmc: ", out);
    else if (s->line == 0)
        fprintf(out, "%s: ", s->source->path);
    else
        fprintf(out, "%s:%u:%u: ", s->source->path, s->line, s->column);
    bool error = rows[item->id].severity == DIAG_ERROR;
    fprintf(out, "%s%s%s[%s]:%s %s\n", style->reset, error ? style->error : style->warning,
            error ? "error" : "warning", rows[item->id].code, style->reset, item->text);
    if (s->source)
        print_excerpt(s, style, out);
    for (uint32_t i = 0; i < item->notes.len; i++)
        fprintf(out, "  %snote:%s %s\n", style->note, style->reset, item->notes.at[i]);
}

/* Sources rank by their first report, so that files do not interleave. */
static uint32_t source_rank(const struct diag *d, const struct source *source)
{
    uint32_t i = 0;
    while (d->items.at[i].span.source != source)
        i++;
    return i;
}

static bool comes_before(const struct diag *d, const struct diag_item *a, const struct diag_item *b)
{
    uint32_t ra = source_rank(d, a->span.source), rb = source_rank(d, b->span.source);
    if (ra != rb)
        return ra < rb;
    if (a->span.line != b->span.line)
        return a->span.line < b->span.line;
    return a->span.column < b->span.column;
}

void diag_print(const struct diag *d, FILE *out)
{
    const struct style *style = style_of(d);
    uint32_t order[2 * DIAG_MAX_KEPT];
    for (uint32_t i = 0; i < d->items.len; i++) { /* stable insertion sort of a short list */
        uint32_t j = i;
        for (; j > 0 && comes_before(d, &d->items.at[i], &d->items.at[order[j - 1]]); j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    for (uint32_t i = 0; i < d->items.len; i++)
        print_item(&d->items.at[order[i]], style, out);
    if (d->errors > DIAG_MAX_KEPT)
        fprintf(out, "%u errors, the first %d are shown\n", d->errors, DIAG_MAX_KEPT);
    else if (d->errors > 0)
        fprintf(out, "%u error%s\n", d->errors, d->errors == 1 ? "" : "s");
}

_Noreturn void diag_bug(const char *file, int line, const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fprintf(stderr, "%s:%d: internal error: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\n", stderr);
    exit(70);
}
