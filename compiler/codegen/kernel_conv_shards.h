/* The second phase of the weight gradients: adds up the shards' partial results. */
#ifndef FTM_CODEGEN_KERNEL_CONV_SHARDS_H
#define FTM_CODEGEN_KERNEL_CONV_SHARDS_H

#include "kernel.h"

/* result[i] = tree over the shards s of scratch[s * floats + i], for all i < floats (a multiple of
 * 16). */
void conv_combine_shards(struct kernel_build *k, int64_t floats);
struct kernel_units conv_combine_units(int64_t floats);

/* kernel_family.units where the first phase has a unit per (shard, block of output channels). */
struct kernel_units conv_shard_units(const struct graph *g, const struct node *n,
                                     const struct cpu *cpu, uint32_t phase);

/* Floats of a node's result in its layout. */
int64_t conv_result_floats(const struct node *n);

/* The tree over the shards for one vector: part s lies at p + s * stride floats. */
LLVMValueRef conv_shard_tree(struct kernel_build *k, struct address p, int64_t stride);

#endif
