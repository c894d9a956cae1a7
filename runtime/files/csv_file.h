/* Tables as text: records of fields, separated by commas and quoted as RFC 4180 says; lines end in LF, CRLF or CR, a byte order mark
 * in front is none of the first field. A file is read whole; fields lie in its memory. */
#ifndef FTMRT_CSV_FILE_H
#define FTMRT_CSV_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ftmrt.h"

enum { CSV_MAX_FIELDS = 256 };

struct csv_file {
    char *text, *at, *end;
    int64_t line; /* at which the record begins that was read last, from 1 */
    int64_t next_line;
    char separator;
    char *fields[CSV_MAX_FIELDS]; /* of that record */
};

/* Reads a file; separator: ',' as a rule; 0: a line is one field, quotes and all. FTMRT_ERROR_IO or _MEMORY: `error` says why. */
enum ftmrt_status csv_file_open(struct csv_file *c, const char *path, char separator, char *error,
                                size_t error_size);
void csv_file_close(struct csv_file *c);

/* What separates the fields of the next line, of a file that was opened with ',': tables of spreadsheets have ';' or a tab in some
 * countries. */
char csv_file_separator(const struct csv_file *c);

/* The number of fields of the next record that is not empty, now in c->fields; 0 at the end; -1: `error` says what is wrong
 * with line c->line. */
int csv_file_next(struct csv_file *c, char *error, size_t error_size);

/* Writes a field, in quotes where it needs them. What fails is seen in the stream's error indicator. */
void csv_write_field(FILE *f, const char *text);

#endif
