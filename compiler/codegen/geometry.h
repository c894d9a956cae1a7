/* Addresses in BLOCKED and VECTOR values, units of (image, channel block), and the shards of the
 * batch. */
#ifndef FTM_CODEGEN_GEOMETRY_H
#define FTM_CODEGEN_GEOMETRY_H

#include "kernel.h"

/* A BLOCKED value [N,C,H,W] or [N,C] (one pixel), or a VECTOR [C] (no images, one pixel). */
struct geometry {
    int64_t channels, blocks, pixels;
    int64_t height, width;
};

/* Of a value whose layout is BLOCKED or VECTOR; anything else is a bug. */
struct geometry geometry_of_shape(const struct shape *s);
struct geometry geometry_of(const struct graph *g, value_id v);

/* Vectors per channel block at the level: FTMRT_CB / lanes. */
uint32_t geometry_parts(const struct ir *ir);

/* Address of the first element of an (image, block): base + (image * blocks + block) * pixels * 16.
 */
struct address geometry_slice(struct ir *ir, const struct geometry *q, struct address base,
                              LLVMValueRef image, LLVMValueRef block);
/* Address of vector `part` of a pixel in a slice: slice + pixel * 16 + part * lanes, in elements; a multiple of the vector's size,
 * as base is one of 64 bytes. */
struct address geometry_pixel(struct ir *ir, struct address slice, LLVMValueRef pixel,
                              uint32_t part);
/* Address of vector `part` of a block in row `row` of a VECTOR value, whose rows are padded to whole blocks. */
struct address geometry_vector(struct ir *ir, const struct geometry *q, struct address base,
                               int64_t row, LLVMValueRef block, uint32_t part);

/* The same of a value whose blocks and pixels are no part of the code (kernel_number), as i64. */
struct extent {
    LLVMValueRef blocks, pixels;
};
struct extent extent_of(struct kernel_build *k, const struct geometry *q);
struct address extent_slice(struct ir *ir, const struct extent *e, struct address base,
                            LLVMValueRef image, LLVMValueRef block);
struct address extent_vector(struct ir *ir, const struct extent *e, struct address base,
                             int64_t row, LLVMValueRef block, uint32_t part);

/* A loop over the kernel's units with the unit cut into (image, block). */
struct unit_loop {
    struct ir_loop loop;
    LLVMValueRef image, block;
};
/* Units are numbered image * blocks + block. Closed by unit_loop_end, after which neither value may be used. */
struct unit_loop unit_loop_begin(struct kernel_build *k, int64_t blocks);
/* The same by a number of blocks that is known at run time. */
struct unit_loop unit_loop_begin_any(struct kernel_build *k, LLVMValueRef blocks);
void unit_loop_end(struct kernel_build *k, struct unit_loop *u);

/* Runs the node's steps over a finished (image, block) of the result: reads every pixel back and
 * stores it through them. */
void geometry_finish(struct kernel_build *k, const struct unit_loop *u);

/* Where a kernel follows more streams than a processor foresees, it asks for what it needs some places on: about as far as memory takes
 * to answer. It pays for values that the second-level cache does not hold. */
enum { GEOMETRY_FETCHED_PLACES = 16, GEOMETRY_NEAR = 1 << 18 /* elements */ };
bool geometry_is_far(const struct kernel_build *k, const struct geometry *q);

/* An i64 as f32, rounded to nearest. */
LLVMValueRef geometry_float(struct ir *ir, LLVMValueRef i);

/* Base addresses of the node's result, in its layout, and of the scratch that its family asked for. */
struct address kernel_result(struct kernel_build *k);
struct address kernel_scratch(struct kernel_build *k);

/* One phase: the answer of kernel_family.phases for most families. */
uint32_t one_phase(const struct graph *g, const struct node *n, const struct cpu *cpu);
uint32_t two_phases(const struct graph *g, const struct node *n, const struct cpu *cpu);
/* A unit per (image, channel block) of operand 0, and of the result. */
struct kernel_units units_of_operand(const struct graph *g, const struct node *n,
                                     const struct cpu *cpu, uint32_t phase);
struct kernel_units units_of_result(const struct graph *g, const struct node *n,
                                    const struct cpu *cpu, uint32_t phase);
/* A unit per (row, block of columns) of the result, a matrix. */
struct kernel_units units_of_rows(const struct graph *g, const struct node *n,
                                  const struct cpu *cpu, uint32_t phase);

#endif
