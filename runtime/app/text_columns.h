/* Names in columns of a terminal. */
#ifndef FTMRT_APP_TEXT_COLUMNS_H
#define FTMRT_APP_TEXT_COLUMNS_H

#include <stdio.h>

/* The bytes of UTF-8 text that fit into so many columns; *used: the columns they take. */
int columns_fitting(const char *text, int columns, int *used);

/* A name at the right end of a column, cut if it is too long. */
void columns_print_name(const char *name, int columns, FILE *out);

#endif
