/* String building; matching of dotted paths; edit distance. */
#include "str.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void strbuf_init(struct strbuf *b, struct arena *arena) { *b = (struct strbuf){.arena = arena}; }

static void reserve(struct strbuf *b, size_t more)
{
    size_t want = b->len + more + 1;
    if (want <= b->cap)
        return;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < want)
        cap *= 2;
    b->text = arena_grow(b->arena, b->text, b->cap, cap);
    b->cap = cap;
}

void strbuf_addn(struct strbuf *b, const char *s, size_t n)
{
    reserve(b, n);
    memcpy(b->text + b->len, s, n);
    b->len += n;
    b->text[b->len] = '\0';
}

void strbuf_add(struct strbuf *b, const char *s) { strbuf_addn(b, s, strlen(s)); }

void strbuf_addc(struct strbuf *b, char c) { strbuf_addn(b, &c, 1); }

void strbuf_addf(struct strbuf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        length = 0;
    reserve(b, (size_t)length);
    vsnprintf(b->text + b->len, (size_t)length + 1, format, args);
    va_end(args);
    b->len += (size_t)length;
}

/* The least number of significant digits that reads back as v decides; plain notation from 1e-4 up
 * to 1e16. */
void strbuf_add_double(struct strbuf *b, double v)
{
    if (!isfinite(v)) {
        strbuf_add(b, isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
        return;
    }
    char text[40];
    int digits = 1;
    for (; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, v);
        if (strtod(text, NULL) == v)
            break;
    }
    snprintf(text, sizeof text, "%.*e", digits - 1, v);
    int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    if (exponent >= -4 && exponent < 16)
        strbuf_addf(b, "%.*f", digits - 1 > exponent ? digits - 1 - exponent : 0, v);
    else
        strbuf_add(b, text);
}

static bool is_control(char c) { return ((unsigned char)c < 0x20) || c == 0x7f; }

const char *str_printable(struct arena *arena, const char *s)
{
    const char *at = s;
    while (*at && !is_control(*at))
        at++;
    if (!*at)
        return s;
    struct strbuf out;
    strbuf_init(&out, arena);
    for (at = s; *at; at++) {
        if (*at == '\n' || *at == '\t')
            strbuf_add(&out, *at == '\n' ? "\\n" : "\\t");
        else if (is_control(*at))
            strbuf_addf(&out, "\\x%02x", (unsigned)(unsigned char)*at);
        else
            strbuf_addc(&out, *at);
    }
    return out.text;
}

/* Bytes behind the one that begins a character, or 9: none does. */
static unsigned bytes_behind(unsigned c)
{
    return c < 0x80                ? 0
           : c >= 0xc2 && c < 0xe0 ? 1
           : c >= 0xe0 && c < 0xf0 ? 2
           : c >= 0xf0 && c < 0xf5 ? 3
                                   : 9;
}

size_t str_utf8_end(const char *s, size_t size)
{
    const unsigned char *at = (const unsigned char *)s;
    for (size_t i = 0; i < size;) {
        const unsigned c = at[i], more = bytes_behind(c);
        if (c == 0 || more == 9 || i + more >= size + (more == 0))
            return i;
        for (unsigned k = 1; k <= more; k++)
            if ((at[i + k] & 0xc0) != 0x80)
                return i;
        const bool overlong = (c == 0xe0 && at[i + 1] < 0xa0) || (c == 0xf0 && at[i + 1] < 0x90);
        const bool range = (c == 0xed && at[i + 1] > 0x9f) || (c == 0xf4 && at[i + 1] > 0x8f);
        if (overlong || range)
            return i;
        i += more + 1;
    }
    return size;
}

bool str_is_utf8(const char *s)
{
    const size_t size = strlen(s);
    return str_utf8_end(s, size) == size;
}

const char *str_bytes(struct arena *arena, const char *s)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    strbuf_add(&out, "");
    for (;;) {
        const size_t size = strlen(s), end = str_utf8_end(s, size);
        strbuf_addn(&out, s, end);
        if (end == size)
            return out.text;
        strbuf_addf(&out, "\\x%02x", (unsigned)(unsigned char)s[end]);
        s += end + 1;
    }
}

const char *str_quoted(struct arena *arena, const char *s)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    strbuf_addc(&out, '"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            strbuf_addc(&out, '\\');
        strbuf_addc(&out, *s);
    }
    strbuf_addc(&out, '"');
    return out.text;
}

bool str_begins_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), k = strlen(suffix);
    return n >= k && strcmp(s + n - k, suffix) == 0;
}

/* The end of a class that begins at '[', its ']', or NULL if it has none. The first character may be a ']'. */
static const char *class_end(const char *open)
{
    const char *first = open + 1 + (open[1] == '!');
    return *first ? strchr(first + 1, ']') : NULL;
}

/* Whether a class has a range at this place: `a-b`. */
static bool is_range(const char *at, const char *end) { return at + 2 < end && at[1] == '-'; }

static bool class_has(const char *open, const char *end, char c)
{
    const bool negated = open[1] == '!';
    bool found = false;
    for (const char *at = open + 1 + negated; at < end;) {
        const bool range = is_range(at, end);
        found = found || (c >= at[0] && c <= at[range ? 2 : 0]);
        at += range ? 3 : 1;
    }
    return c != '.' && found != negated;
}

/* What is left of a pattern whose first character, or class, matches c; NULL if it does not. */
static const char *match_one(const char *pattern, char c)
{
    const char *end = *pattern == '[' ? class_end(pattern) : NULL;
    if (end)
        return class_has(pattern, end, c) ? end + 1 : NULL;
    return *pattern == c ? pattern + 1 : NULL;
}

/* A range of digits with a digit before or behind it that is no range of its own: [0-12]. */
static bool is_number_range(const char *open, const char *at, const char *end)
{
    const bool before = at > open + 1 && isdigit((unsigned char)at[-1]) && at[-2] != '-';
    const bool behind = at + 3 < end && isdigit((unsigned char)at[3]) && !is_range(at + 3, end);
    return isdigit((unsigned char)at[0]) && isdigit((unsigned char)at[2]) && (before || behind);
}

const char *str_pattern_defect(const char *pattern)
{
    for (const char *open = strchr(pattern, '['); open;) {
        const char *end = class_end(open);
        if (!end)
            return "a '[' has no ']'";
        for (const char *at = open + 1 + (open[1] == '!'); at < end; at++) {
            if (!is_range(at, end))
                continue;
            if (is_number_range(open, at, end))
                return "[ ] is for one character, and numbers of two digits have two";
            if (at[0] > at[2])
                return "a range in [ ] runs backwards";
            at += 2;
        }
        open = strchr(end, '[');
    }
    return NULL;
}

/* Leftmost matching with one restart point for the last `*` and one for the last `**`. The earliest
 * match of what stands between two stars leaves the most to the later star, so no other restart
 * points are needed. */
bool str_path_match(const char *pattern, const char *path)
{
    const char *star = NULL, *star_path = NULL, *deep = NULL, *deep_path = NULL;
    for (;;) {
        const char *rest = *path ? match_one(pattern, *path) : NULL;
        if (pattern[0] == '*' && pattern[1] == '*') {
            pattern += 2;
            deep = pattern;
            deep_path = path;
            star = NULL;
        } else if (pattern[0] == '*') {
            pattern++;
            star = pattern;
            star_path = path;
        } else if (rest) {
            pattern = rest;
            path++;
        } else if (!*path && !*pattern) {
            return true;
        } else if (star && *star_path && *star_path != '.') {
            pattern = star;
            path = ++star_path;
        } else if (deep && *deep_path) {
            pattern = deep;
            path = ++deep_path;
            star = NULL;
        } else {
            return false;
        }
    }
}

const char *str_path_parent(struct arena *arena, const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? arena_strndup(arena, path, (size_t)(dot - path)) : NULL;
}

bool str_path_match_above(struct arena *arena, const char *pattern, const char *path)
{
    while (path && !str_path_match(pattern, path))
        path = str_path_parent(arena, path);
    return path != NULL;
}

bool str_path_within(const char *path, const char *name)
{
    size_t n = strlen(name);
    return strncmp(path, name, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

enum { NEAREST_MAX = 255 };

/* Levenshtein distance, one row at a time. Both are at most NEAREST_MAX long. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NEAREST_MAX + 1];
    size_t n = strlen(b);
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            size_t insert = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = replace < insert ? replace : insert;
        }
    }
    return row[n];
}

const char *str_nearest(const char *name, const char *const *candidates, size_t count)
{
    size_t length = strlen(name);
    if (length > NEAREST_MAX)
        return NULL;
    const char *best = NULL;
    size_t least = (length < 3 ? 1 : length / 3) + 1;
    for (size_t i = 0; i < count; i++) {
        if (strlen(candidates[i]) > NEAREST_MAX)
            continue;
        size_t distance = edit_distance(name, candidates[i]);
        if (distance < least) {
            least = distance;
            best = candidates[i];
        }
    }
    return best;
}
