/* Patterns of names: `*` is any text, `?` any character, [a-z] one of some. A pattern with a slash is for a path, one without for
 * the name at its end. */
#ifndef FTMRT_NAME_PATTERN_H
#define FTMRT_NAME_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a path fits. */
bool name_fits(const char *pattern, const char *path);

/* The part of a path that a pattern's `{}` stands for, the shortest that fits and is not empty: of "p7_03.png" by "{}_*" it is
 * "p7". false: the path does not fit. */
bool name_group(const char *pattern, const char *path, const char **group, size_t *length);

/* Whether a pattern has one `{}`. */
bool name_has_group(const char *pattern);

#endif
