/* What the files of the core share and its users do not see. */
#ifndef FTMRT_CORE_H
#define FTMRT_CORE_H

#include "ftmrt.h"

/* One block of Philox 4x32-10: replaces the counter by its 128 random bits. */
void ftmrt_philox(uint32_t counter[4], const uint32_t key[2]);

/* Where element `index` of the row-major tensor lies in a layout. */
int64_t ftmrt_layout_position(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim,
                              int64_t index);

/* Element `index` of a parameter's initial value; stream is the hash of its name. */
float ftmrt_initial_element(const struct ftmrt_state *state, uint64_t seed, uint64_t stream,
                            int64_t index);

#endif
