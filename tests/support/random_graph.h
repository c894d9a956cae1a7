/* Random networks: valid programs of the ops a convolutional classifier has, with odd sizes, for
 * comparing what must be equal (before and after a pass, interpreted and compiled). The same seed
 * gives the same program. */
#ifndef FTM_SUPPORT_RANDOM_GRAPH_H
#define FTM_SUPPORT_RANDOM_GRAPH_H

#include "graph.h"

struct random_graph_options {
    uint32_t max_blocks;            /* of convolution, pooling, residual, ... before the head */
    int64_t max_size, max_channels; /* of the image's sides; of every map */
    int64_t max_batch;
    int64_t max_image_channels; /* 0: 4 */
    int64_t max_kernel;         /* 0: 3 */
    int64_t max_stride;         /* 0: 2 */
    enum op optimizer; /* of the class UPDATE; OP_input (0): sgd, with and without momentum */
    enum op loss;      /* OP_input (0): cross_entropy */
    bool joins; /* also sums of two branches, weights used twice, pools between, many classes */
    bool more;  /* also the blocks of random_blocks.c; without, a seed's network never changes */
};

/* What suits the interpreter: small enough for hundreds of graphs. */
struct random_graph_options random_graph_small(void);

/* Functions predict, eval and train over one network with 2 to 11 classes (with `joins` up to 100).
 * A prefix of it is frozen, and some of the rest; batch norms of trainable blocks train. */
struct program *random_graph(struct arena *arena, struct diag *diag, uint64_t seed,
                             const struct random_graph_options *options);

/* The random_graph() of a seed for tests that compile: its options follow from the seed, with odd
 * sizes and batches, 1 to 4 shards, and large maps now and then. What the entries of seeds 1 to 300
 * compute is stored (numerics/network_bits.c), so its draws stay as they are. */
struct program *random_network(struct arena *arena, struct diag *diag, uint64_t seed);

/* The same with the blocks of random_blocks.c between: it grows with the ops. optimizer, loss: see the options. */
struct program *random_network_more(struct arena *arena, struct diag *diag, uint64_t seed,
                                    enum op optimizer, enum op loss);

#endif
