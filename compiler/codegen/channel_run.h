/* Runs of channels that are copied from one BLOCKED value to another: what concat, its gradient and
 * split are made of.
 *
 * Where a run begins at the same lane of a block on both sides, its whole blocks are one flat copy; else a block of the copy is
 * put together from two neighbours. Lanes before the run stay as they are in the first block, those behind it become 0 in the
 * last one: runs that lie behind each other are copied in their order. */
#ifndef FTM_CODEGEN_CHANNEL_RUN_H
#define FTM_CODEGEN_CHANNEL_RUN_H

#include "geometry.h"

/* `channels` from `from` on of one image, to those from `to` on of the other. */
struct channel_run {
    const struct geometry *in, *out;
    struct address x, y; /* the images; x nowhere: every element is `value` */
    double value;
    int64_t from, to, channels;
};

void channel_run_copy(struct kernel_build *k, const struct channel_run *r);

/* Address of an image of a BLOCKED value. */
struct address channel_run_image(struct kernel_build *k, const struct geometry *q,
                                 struct address base, LLVMValueRef image);

/* A unit per image. */
struct kernel_units units_of_images(const struct graph *g, const struct node *n,
                                    const struct cpu *cpu, uint32_t phase);

#endif
