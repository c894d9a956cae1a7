/* split.csv: which sample was in which part, for people, other programs, and later runs.
 *
 *     sample,part
 *     cat/1.jpg,train
 *     cat/2.jpg,validation */
#ifndef FTMRT_APP_SPLIT_FILE_H
#define FTMRT_APP_SPLIT_FILE_H

#include <stdio.h>

#include "data_split.h"

enum { SPLIT_NUMBER = 24 };
/* What the file calls sample i: its path below the source's folder, or its number, in `number`, where it has no name. */
const char *split_file_name(const struct source *s, int64_t i, char number[SPLIT_NUMBER]);

/* Writes all samples in their order. */
void split_file_write(FILE *f, const struct source *source, const struct split *s);

/* Reads which samples validate, [count]. false after a message: a line is wrong, or names a sample that is not there, or a
 * sample has no line. */
bool split_file_read(const struct source *source, const char *path, bool *validates);

#endif
