/* What the blocks of random networks draw from: a counter-based stream, so that the same draws in the
 * same order build predict, eval and train of one network. */
#ifndef FTM_SUPPORT_RANDOM_DRAW_H
#define FTM_SUPPORT_RANDOM_DRAW_H

#include "random_graph.h"

struct draw {
    struct graph *g;
    const struct random_graph_options *options;
    uint64_t seed, counter;
    uint32_t block;  /* number of the block being built */
    uint32_t frozen; /* blocks below this one are frozen */
};

/* A number in [low, high]. */
int64_t draw(struct draw *d, int64_t low, int64_t high);
/* Whether a percentage comes up. */
bool chance(struct draw *d, int64_t percent);
int64_t draw_channels(struct draw *d);
/* Whether the next parameter trains: not in a frozen block, else mostly. */
bool draw_trainable(struct draw *d);
/* "<kind><block>_<part>", in the program's arena. */
const char *layer_name(struct draw *d, const char *kind, int part);
/* An activation of x, or x. */
value_id activation(struct draw *d, value_id x);

/* One of the blocks of random_blocks.c. x: [N,C,H,W] of any size; so is the result. */
value_id more_block(struct draw *d, value_id x);

#endif
