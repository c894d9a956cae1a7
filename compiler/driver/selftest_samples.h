/* What a program of `--selftest` knows of itself: outputs of a few samples, in double precision. */
#ifndef FTM_DRIVER_SELFTEST_SAMPLES_H
#define FTM_DRIVER_SELFTEST_SAMPLES_H

#include "compilation.h"

/* The outputs that the interpreter computes with the weights in the program, before any pass; NULL after a report. */
const struct ftmrt_selftest *selftest_samples(struct compilation *c);

#endif
