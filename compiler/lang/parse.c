/* From text to syntax tree: loads and checks a source (size, NUL bytes, UTF-8), runs the generated
 * scanner and parser, and keeps the state they share. */
#include "parse.h"

#include <errno.h>
#include <string.h>

#include "file.h"
#include "str.h"

/* Of the generated scanner and parser. */
typedef void *scanner_t;
int ftm_parse(scanner_t scanner, struct parser *p);
int ftm_lex_init_extra(struct parser *extra, scanner_t *scanner);
int ftm_lex_destroy(scanner_t scanner);
struct yy_buffer_state *ftm__scan_bytes(const char *bytes, int size, scanner_t scanner);

struct span parser_span(const struct parser *p, struct place place)
{
    uint32_t length = place.end > place.begin ? place.end - place.begin : 1;
    const char *text = p->source->text + place.begin;
    const char *line_end = memchr(text, '\n', length);
    if (line_end && line_end > text)
        length = (uint32_t)(line_end - text);
    return (struct span){
        .source = p->source, .line = place.line, .column = place.column, .length = length};
}

const char *parser_text(const struct parser *p, struct place place)
{
    struct strbuf out;
    strbuf_init(&out, p->arena);
    strbuf_add(&out, "");
    bool quoted = false, blank = false;
    for (uint32_t i = place.begin; i < place.end && i < p->source->size; i++) {
        char c = p->source->text[i];
        if (!quoted && c == '#')
            while (i + 1 < place.end && p->source->text[i + 1] != '\n')
                i++;
        if (!quoted && (c == '#' || strchr(" \t\r\n", c))) {
            blank = out.len > 0;
            continue;
        }
        if (c == '"')
            quoted = !quoted;
        if (blank)
            strbuf_addc(&out, ' ');
        blank = false;
        strbuf_addc(&out, c);
        if (quoted && c == '\\' && i + 1 < place.end)
            strbuf_addc(&out, p->source->text[++i]);
    }
    return out.text;
}

const char *parser_string(struct parser *p, const char *text, size_t size, struct place place)
{
    char *out = arena_alloc(p->arena, size + 1);
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '\\' && i + 1 < size) {
            c = text[++i];
            if (c == 'n' || c == 't')
                c = c == 'n' ? '\n' : '\t';
            else if (c != '\\' && c != '"')
                diag_report(p->diag, parser_span(p, place), DIAG_BAD_ESCAPE, c);
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return out;
}

bool parser_open(struct parser *p, char bracket)
{
    if (p->bracket_count == PARSE_MAX_BRACKETS) {
        if (!p->too_deep)
            diag_report(p->diag, parser_span(p, p->at), DIAG_NESTING, AST_MAX_DEPTH);
        p->too_deep = p->fatal = true;
        return false;
    }
    p->brackets[p->bracket_count++] = bracket;
    return true;
}

char parser_close(struct parser *p, char bracket)
{
    if (p->bracket_count == 0)
        return 0;
    char open = p->brackets[p->bracket_count - 1];
    bool match = bracket == ')'   ? open == '('
                 : bracket == ']' ? open == '['
                                  : open == '{' || open == 'i';
    if (!match && bracket == '}') /* an unclosed ( or [ inside: the block still ends here */
        parser_unwind(p);
    else if (!match)
        return 0;
    open = p->bracket_count ? p->brackets[--p->bracket_count] : 0;
    return open;
}

void parser_unwind(struct parser *p)
{
    while (p->bracket_count && p->brackets[p->bracket_count - 1] != '{')
        p->bracket_count--;
}

void parser_recover(struct parser *p)
{
    parser_unwind(p);
    p->damaged = true;
}

static struct span offset_span(const struct source *source, size_t offset)
{
    struct span span = {.source = source, .line = 1, .column = 1, .length = 1};
    for (size_t i = 0; i < offset; i++) {
        span.column++;
        if (source->text[i] == '\n') {
            span.line++;
            span.column = 1;
        }
    }
    return span;
}

const struct source *parse_load(struct arena *arena, struct diag *diag, const char *path,
                                struct span span)
{
    struct file_map map;
    if (!file_map_open(&map, path)) {
        int error = errno;
        diag_report(diag, span, DIAG_SYSTEM, path, strerror(error));
        return NULL;
    }
    struct source *source = NULL;
    if (map.size > PARSE_MAX_SIZE) {
        diag_report(diag, span, DIAG_FILE_SIZE, path, (unsigned long long)map.size,
                    PARSE_MAX_SIZE >> 20);
    } else {
        source = arena_new(arena, struct source);
        source->path = arena_strdup(arena, path);
        char *text = arena_alloc(arena, map.size + 1);
        if (map.size)
            memcpy(text, map.data, map.size);
        source->text = text;
        source->size = map.size;
    }
    file_map_close(&map);
    return source;
}

static bool check_text(struct diag *diag, const struct source *source)
{
    size_t bad = str_utf8_end(source->text, source->size);
    if (bad == source->size)
        return true;
    if (source->text[bad] == '\0')
        diag_report(diag, offset_span(source, bad), DIAG_NUL_BYTE);
    else
        diag_report(diag, offset_span(source, bad), DIAG_BAD_UTF8,
                    (unsigned char)source->text[bad]);
    return false;
}

/* Runs scanner and parser over the source and a final line end. */
static void run(struct parser *p, enum parse_start start)
{
    p->start = start;
    p->at = (struct place){.line = 1, .column = 1};
    if (!check_text(p->diag, p->source))
        return;
    char *text = arena_alloc(p->arena, p->source->size + 2);
    memcpy(text, p->source->text, p->source->size);
    text[p->source->size] = '\n';
    if (p->source->size >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) /* some editors' mark of UTF-8 */
        memset(text, ' ', 3);
    scanner_t scanner;
    if (ftm_lex_init_extra(p, &scanner)) {
        diag_system(p->diag, p->source->path, errno);
        return;
    }
    ftm__scan_bytes(text, (int)(p->source->size + 1), scanner);
    ftm_parse(scanner, p);
    ftm_lex_destroy(scanner);
}

struct decls *parse_source(struct arena *arena, struct diag *diag, const struct source *source)
{
    struct parser p = {.arena = arena, .diag = diag, .source = source};
    run(&p, PARSE_FILE);
    /* A tree that is too deep must not be walked. */
    return p.decls && !p.too_deep ? p.decls : arena_new(arena, struct decls);
}

struct exprs *parse_values(struct arena *arena, struct diag *diag, const struct source *source)
{
    struct parser p = {.arena = arena, .diag = diag, .source = source};
    uint32_t errors = diag->errors;
    run(&p, PARSE_VALUES);
    return diag->errors == errors && !p.too_deep ? p.values : NULL;
}
