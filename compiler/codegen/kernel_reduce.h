/* What the reductions over images and pixels have in common: a chain within each shard, then a tree over the shards.
 *
 * Phase 0, a unit per (shard, channel block): images in order; each image is summed in registers from zero and then taken
 * into the shard's sum in scratch [shards][rows][C/b*b]. Phase 1, a unit per channel block: the fixed tree over the shards.
 * Neither depends on how units are spread over threads. */
#ifndef FTM_CODEGEN_KERNEL_REDUCE_H
#define FTM_CODEGEN_KERNEL_REDUCE_H

#include "geometry.h"

enum { REDUCE_OPERANDS = 3, REDUCE_MAX_ROWS = 2, REDUCE_MAX_PARTS = 4 };

/* The sums of one channel block: rows x parts vectors. */
struct sums {
    LLVMValueRef v[REDUCE_MAX_ROWS][REDUCE_MAX_PARTS];
};

struct reduction;

/* One kind of reduction. */
struct reduce_rule {
    uint32_t rows;     /* of the result */
    uint32_t operands; /* that are read pixel by pixel */
    /* sum, and what a pixel adds to a row. */
    LLVMValueRef (*term)(struct reduction *r, LLVMValueRef pixel, uint32_t row, uint32_t part,
                         LLVMValueRef sum);
    /* Loads what all images of a block share; NULL: nothing. */
    void (*begin)(struct reduction *r, LLVMValueRef block);
    /* Takes the image at hand into the sums of those before it, so many of the shard; NULL: adds its own. */
    void (*image)(struct reduction *r, struct sums *total, LLVMValueRef before);
    /* A row of the result from the sum over all shards; NULL: the sum itself. */
    LLVMValueRef (*end)(struct reduction *r, LLVMValueRef block, uint32_t row, uint32_t part,
                        LLVMValueRef sum);
};

struct reduction {
    struct kernel_build *k;
    const struct reduce_rule *rule;
    struct geometry q;  /* of operand 0 */
    struct extent e;    /* the same */
    LLVMValueRef whole; /* its pixels, without those that the chains leave */
    uint32_t parts;
    struct address buffer[REDUCE_OPERANDS]; /* operands */
    struct address slice[REDUCE_OPERANDS];  /* of the image at hand */
    LLVMValueRef mean[REDUCE_MAX_PARTS];    /* what a rule keeps: means */
};

struct reduction reduction_of(struct kernel_build *k, const struct reduce_rule *rule);

/* A vector of an operand of the image at hand. */
LLVMValueRef reduce_load(struct reduction *r, uint32_t operand, LLVMValueRef pixel, uint32_t part);

/* Sums of rows first .. first+rows-1 over the pixels of the image at hand. */
void reduce_pixels(struct reduction *r, uint32_t first, uint32_t rows, struct sums *out);

/* Address of a shard's partial result in the scratch. */
struct address reduce_partial(struct reduction *r, LLVMValueRef shard, LLVMValueRef block,
                              uint32_t row, uint32_t part);

/* Phase 0, and both phases of a rule whose shards are added up. */
void reduce_shards(struct kernel_build *k, const struct reduce_rule *rule);
void reduce_emit(struct kernel_build *k, const struct reduce_rule *rule);

struct kernel_units reduce_units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase);

#endif
