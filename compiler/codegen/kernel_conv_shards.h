/* The second phase of the weight gradients: adds up the shards' partial results. */
#ifndef FTM_CODEGEN_KERNEL_CONV_SHARDS_H
#define FTM_CODEGEN_KERNEL_CONV_SHARDS_H

#include "kernel.h"

/* result[i] = tree over the shards s of scratch[s * floats + i], for all i < floats (a multiple of
 * 16). */
void conv_combine_shards(struct kernel_build *k, int64_t floats);
struct kernel_units conv_combine_units(int64_t floats);

/* Floats of a node's result in its layout. */
int64_t conv_result_floats(const struct node *n);

/* The tree over the shards for one vector: part s lies at p + s * stride floats. */
LLVMValueRef conv_shard_tree(struct kernel_build *k, LLVMValueRef p, int64_t stride);

#endif
