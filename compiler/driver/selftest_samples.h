/* What a program of `--selftest` knows of itself: outputs of a few samples, and what a step on them changes, in double precision. */
#ifndef FTM_DRIVER_SELFTEST_SAMPLES_H
#define FTM_DRIVER_SELFTEST_SAMPLES_H

#include "compilation.h"
#include "interp.h"

/* What the interpreter computes with the weights in the program; NULL after a report. */
const struct ftmrt_selftest *selftest_samples(struct compilation *c);

/* ---- between the two files ---- */

enum { SELFTEST_SAMPLES = 2 };

/* An interpreter of a compilation's program with the weights in it. */
struct interp *selftest_interpreter(const struct compilation *c, struct arena *arena);

/* The first function of a kind; NULL: there is none. */
const struct graph *selftest_function(const struct program *p, enum ftmrt_entry_kind kind);

/* Inputs for so many samples from `first` on: what is drawn, a rate of 1, and else what the recipe says. */
struct tensor *selftest_inputs(struct arena *arena, const struct compilation *c,
                               const struct graph *g, uint32_t first, uint32_t samples);

/* Adds what the first step changes: `again` is the compilation before any pass, whose program this changes, `compiled` the program that will
 * be tested. */
void selftest_step(struct arena *arena, const struct program *compiled, struct compilation *again,
                   struct ftmrt_selftest *out);

#endif
