/* How dense convolutions and their gradients to the input are cut into tiles for a level: a block of
 * outputs that is held in registers.
 *
 * Two ways to lay out the tiles:
 *   ROWS    a tile is a run of pixels in a row of one image (a 1x1 convolution of stride 1 may cut its
 *           map into rows of any length)
 *   IMAGES  maps of very few pixels and layers that see the whole map: a tile is one pixel of a run
 *           of images */
#ifndef FTM_KERNEL_CONV_TILES_H
#define FTM_KERNEL_CONV_TILES_H

#include "cpu.h"
#include "gather.h"

enum conv_mode { CONV_ROWS, CONV_IMAGES };

struct conv_tiles {
    struct gather q;     /* of one group: its channels */
    int64_t conv_groups; /* groups of the convolution */
    enum conv_mode mode;
    bool per_tap;            /* IMAGES: output pixel p is made by tap p of the only input pixel */
    bool groups_outer;       /* units go over images within a group of output channels */
    int64_t blocks, vectors; /* of output channels in a tile: vectors = blocks * (16 / lanes) */
    int64_t width;           /* outputs in a tile */
    int64_t groups, bands;   /* tiles of output channels, of all groups; bands of rows */
};

/* The tiles of a conv2d or conv2d_grad_input node, by a small cost model. */
struct conv_tiles conv_tiles_of(const struct graph *g, const struct node *n, const struct cpu *cpu);

#endif
