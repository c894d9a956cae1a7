/* The header of a library: runtime/embed/library.h.in with the names, sizes and parts of one program. */
#ifndef FTM_DRIVER_LIBRARY_HEADER_H
#define FTM_DRIVER_LIBRARY_HEADER_H

#include "descriptor.h"
#include "diag.h"
#include "str.h"
#include "vec.h"

typedef VEC(const char *) library_names;

/* The functions that a library of the program has, as they are called in runtime/embed: ftmx_predict, ... */
void library_functions(struct arena *arena, const struct descriptor *d, library_names *names);

/* A text of the runtime's with the program's name for "ftmx": "digits_predict" of "ftmx_predict", "DIGITS_BATCH" of "FTMX_BATCH". */
char *library_named(struct arena *arena, const struct descriptor *d, const char *text);

/* Appends the header. False after a report: the program is of a kind that has no header, or the template is missing. */
bool library_header(struct strbuf *out, struct diag *diag, const struct descriptor *d);

#endif
