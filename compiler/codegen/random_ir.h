/* The counter-based random numbers of the runtime as IR: the same numbers, drawn in registers. */
#ifndef FTM_CODEGEN_RANDOM_IR_H
#define FTM_CODEGEN_RANDOM_IR_H

#include "ir.h"

struct random_keys {
    LLVMValueRef seed, step; /* i64 */
    LLVMValueRef image;      /* i64, of the whole step; less than 2^32 */
    LLVMValueRef use;        /* i64: what they are drawn for, less than 2^32 */
    LLVMValueRef place;      /* i32, or as many as a vector has lanes: in the image's sample */
};

/* A number in [0, 1) of 24 bits for each place, f32 or ir->vec: draw_uniform() of ops/draw.h, to the bit. */
LLVMValueRef random_uniform(struct ir *ir, const struct random_keys *keys);

#endif
