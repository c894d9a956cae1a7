/* Convolutions whose groups lie within a channel block: as many channels in as out, a number that divides a block's. The
 * kernels of depthwise convolutions compute them, of groups of one channel; those of larger groups permute lanes. */
#ifndef FTM_CODEGEN_BLOCK_GROUPS_H
#define FTM_CODEGEN_BLOCK_GROUPS_H

#include "geometry.h"

/* The channels of a group of a grouped convolution of `in` and `out` channels and `taps`; 0: it is none of these, or its weights
 * of a block are too many for the stack. */
int64_t block_groups_size(int64_t in, int64_t out, int64_t groups, int64_t taps);

/* A vector of a pixel. */
struct block_group {
    int64_t group;     /* channels */
    LLVMValueRef lane; /* of its first channel in the block */
    struct address x;  /* of the vector */
};
/* A vector whose lanes have channel r of their groups; value: the vector itself. */
LLVMValueRef block_group_channel(struct ir *ir, const struct block_group *g, LLVMValueRef value,
                                 int64_t r);
/* A tap's weights [16 inputs][16 outputs] of a block, of which the first `group` inputs count, as [group outputs][16 inputs]: to[r]
 * has for each lane the weight of its group's output r. */
void block_group_turn(struct ir *ir, int64_t group, struct address from, struct address to);

/* Convolutions and their gradients to the input (kernel_depthwise.c), and the gradient of the weights, in two phases of
 * conv_shard_units() (kernel_depthwise_grad_weight.c). */
void block_groups_convolve(struct kernel_build *k, int64_t group);
struct kernel_units block_groups_units(const struct graph *g, const struct node *n);
void block_groups_grad_weight(struct kernel_build *k, int64_t group);

#endif
