/* String building, path patterns, and suggestions for misspelt names. */
#ifndef FTM_BASE_STR_H
#define FTM_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

/* A string under construction; text is NUL-terminated and never NULL after the first append. */
struct strbuf {
    struct arena *arena;
    char *text;
    size_t len, cap;
};

void strbuf_init(struct strbuf *b, struct arena *arena);
void strbuf_add(struct strbuf *b, const char *s);
void strbuf_addn(struct strbuf *b, const char *s, size_t n);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a double so that it reads back as the same value, in its shortest form ("0.1", "1e-05",
 * "3"). */
void strbuf_add_double(struct strbuf *b, double v);

/* The text with control characters written as \n, \t or \x1b: names in files are untrusted and must
 * not reach a terminal raw. */
const char *str_printable(struct arena *arena, const char *s);

/* The place of the first byte that is no text in UTF-8, as NUL is not; size: there is none. */
size_t str_utf8_end(const char *s, size_t size);
bool str_is_utf8(const char *s);
/* The text with bytes that are no UTF-8 written as \xe9. */
const char *str_bytes(struct arena *arena, const char *s);

/* The text as a string of the language: in quotes, with \" and \\ before which a \ stands. */
const char *str_quoted(struct arena *arena, const char *s);

bool str_begins_with(const char *s, const char *prefix);
bool str_ends_with(const char *s, const char *suffix);

/* Whether a dotted path matches a pattern: `*` stays within a component, `**` crosses components, `[0-5]` is one character of
 * a range, `[abc]` one of some, `[!abc]` any other (fnmatch's classes; none matches a dot). */
bool str_path_match(const char *pattern, const char *path);
/* What is wrong with a pattern, or NULL: a class that is not closed, or that says something else than it looks like. */
const char *str_pattern_defect(const char *pattern);
/* Whether it matches the path or one above it: "fc" and "fc.*" both match "fc.weight". */
bool str_path_match_above(struct arena *arena, const char *pattern, const char *path);
/* The path without its last component, in `arena`; NULL if there is one only. */
const char *str_path_parent(struct arena *arena, const char *path);
/* Whether path is `name` or below it, by whole components: layer1 is not within layer10. */
bool str_path_within(const char *path, const char *name);

/* The candidate nearest to a misspelt name by edit distance (at most a third of its length, at
 * least 1), or NULL. */
const char *str_nearest(const char *name, const char *const *candidates, size_t count);

#endif
