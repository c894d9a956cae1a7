/* Division and alignment that round up, for compiler and runtime. */
#ifndef FTMRT_ROUNDING_H
#define FTMRT_ROUNDING_H

#include <stdint.h>

/* a / b rounded up; a >= 0, b > 0. */
static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* The least multiple of `to` that is not less than v. */
static inline uint64_t align_up(uint64_t v, uint64_t to) { return (v + to - 1) / to * to; }

#endif
