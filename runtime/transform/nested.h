/* Transforms in the arguments of transforms: some of them run, or none. */
#ifndef FTMRT_TRANSFORM_NESTED_H
#define FTMRT_TRANSFORM_NESTED_H

#include "transform_step.h"

/* Takes a form through a step that may run or not: it is to keep the picture's size. */
void nested_form(const struct ftmrt_call *step, struct ftmrt_form *f);

/* Runs step `number` of a list, with draws of its own. */
void nested_run(const struct ftmrt_pipeline *steps, uint32_t number, struct transform *t);

#endif
