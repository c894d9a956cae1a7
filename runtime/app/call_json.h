/* Calls of a recipe as JSON, printed from the rows of runtime/recipe/calls.def: for trained files, whose readers know no rows. */
#ifndef FTMRT_APP_CALL_JSON_H
#define FTMRT_APP_CALL_JSON_H

#include "transform.h"

/* A list of the steps: each an object with its name under "op" and the arguments that there are under theirs; keys sorted,
 * numbers in full, so that equal pipelines give equal bytes. Allocated. */
char *pipeline_json(const struct ftmrt_pipeline *p);

#endif
