/* Python as text: lines broken as the formatter black breaks them, strings, names. */
#ifndef FTM_PYTORCH_PYTHON_H
#define FTM_PYTORCH_PYTHON_H

#include <stdbool.h>

#include "recipe.h"
#include "str.h"

/* Appends a statement at a depth of indentation, over several lines where one would be too long: what stands in the last brackets goes
 * to a line of its own, or each of its items to one, with a comma behind. */
void python_line(struct strbuf *out, int depth, const char *statement);

/* A string literal. */
const char *python_string(struct arena *arena, const char *text);

/* "lite_block" as a class is called: LiteBlock. */
const char *python_class_name(struct arena *arena, const char *name);

/* Whether a text can be a name; of what can not the nearest that can. */
bool python_is_name(const char *text);
const char *python_name(struct arena *arena, const char *text);

/* An argument as Python writes it: True, 3, (2, 3), "same"; files as `HERE / "name"`. NULL of what was left out, and of calls. */
const char *python_value(struct arena *arena, const struct ftmrt_param_info *p,
                         const struct ftmrt_arg *a);

/* Whether an argument is what it would be if it were not written. */
bool python_is_default(struct arena *arena, const struct ftmrt_param_info *p,
                       const struct ftmrt_arg *a);

#endif
