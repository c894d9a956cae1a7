/* Random numbers of ops: a function of the run's seed, the step, the layer's number, the sample of the whole step and the
 * place in the sample. So they are the same for any number of threads, for any split of a step into calls and in a run that
 * was resumed, and a gradient draws again what its op drew. */
#ifndef FTM_OPS_DRAW_H
#define FTM_OPS_DRAW_H

#include "ftmrt.h"
#include "op.h"

/* The key `use` of ftmrt_random for a layer. */
static inline uint32_t draw_use(int64_t layer) { return FTMRT_USE_DROP + ((uint32_t)layer << 8); }

/* A number in [0, 1) of 24 bits, which f32 holds exactly. image: of the call; place: in the sample, less than 2^32. */
static inline double draw_uniform(const struct draw_keys *keys, int64_t layer, int64_t image,
                                  int64_t place)
{
    const uint64_t index = (uint64_t)(keys->first_image + image) << 32 | (uint64_t)place;
    const uint64_t bits = ftmrt_random(keys->seed, (uint64_t)keys->step, index, draw_use(layer));
    return (double)(bits >> 8 & 0xffffffU) * 0x1p-24;
}

#endif
