/* How the gradient of a dense convolution's weight is cut into tiles and units for a level: a tile of
 * input by output channels of one tap is held in registers. */
#ifndef FTM_KERNEL_GRAD_WEIGHT_TILES_H
#define FTM_KERNEL_GRAD_WEIGHT_TILES_H

#include "cpu.h"
#include "graph.h"

enum { GRAD_WEIGHT_MAX_ACC = 32 };

struct grad_weight_tiles {
    bool plain, inside, chained;
    int64_t conv_groups; /* groups of the convolution; channels and blocks are those of one */
    int64_t in_channels, in_blocks, out_blocks;
    int64_t in[2], out[2],
        kernel[2]; /* height, width; a pointwise convolution's map may be one row */
    int64_t rows, blocks,
        vectors;            /* the tile: input channels; blocks and vectors of output channels */
    int64_t chunks, groups; /* tiles along the input and the output channels */
    int64_t unit_taps, unit_chunks; /* that a unit does */
    int64_t band;                   /* rows of outputs */
};

/* The tiles of a dense conv2d_grad_weight node, by a small cost model. */
struct grad_weight_tiles grad_weight_tiles_of(const struct graph *g, const struct node *n,
                                              const struct cpu *cpu);

/* Work units of the kernel's first phase. */
int64_t grad_weight_units(const struct grad_weight_tiles *p, int64_t shards);

/* Whether there are tiles enough for a unit to keep the shards' partial results to itself: such a
 * kernel has one phase and wants no scratch. A rule of the format, not of the machine: the plan of
 * the memory is the same for every level. */
bool grad_weight_shards_inside(const struct node *n);

#endif
