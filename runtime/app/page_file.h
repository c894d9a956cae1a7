/* Pages as files. */
#ifndef FTMRT_APP_PAGE_FILE_H
#define FTMRT_APP_PAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Writes what is on a page. */
typedef void page_write_fn(const void *context, FILE *out);

/* Writes a page, which replaces the file at once. false: `error` says why. */
bool page_file_write(const char *path, const char *title, page_write_fn *write, const void *context,
                     char *error, size_t error_size);

#endif
