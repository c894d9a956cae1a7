/* The tables of a compiled program as C text: what $CC makes the constant `<symbol>_program` of. */
#ifndef FTM_CODEGEN_TABLES_H
#define FTM_CODEGEN_TABLES_H

#include "descriptor.h"
#include "str.h"

/* Calls `use` for each transform and way of mixing, named: whether a program of the recipe runs it; trains: in training, too. */
void tables_transforms(const struct ftmrt_recipe *r, bool trains,
                       void (*use)(void *user, const char *name, bool mix, bool named), void *user);

/* Appends a translation unit that defines `const struct ftmrt_program <symbol>_program` and, with
 * `with_main`, a main that hands it to the application. It wants ftmrt.h on the include path and,
 * from the other objects of the program, the entries' functions and the blob. The text is a
 * function of the descriptor alone: no time, no name of a machine or of a temporary file. */
void tables_print(struct strbuf *out, const struct descriptor *d, bool with_main);

#endif
