/* The geometry of convolutions (gather.h) in code: rows are resolved at run time by the bounds of the
 * loop over the taps; columns at compile time, so that the inner loops have neither tests nor a
 * padded copy of the input. */
#ifndef FTM_CODEGEN_KERNEL_CONV_H
#define FTM_CODEGEN_KERNEL_CONV_H

#include "gather.h"
#include "kernel.h"

/* An output of an axis (0: rows) at run time: its index -> input index of tap 0, weight tap 0, and
 * the taps lo <= t < hi. */
struct gather_row {
    LLVMValueRef base; /* input index of tap 0 */
    LLVMValueRef tap0;
    LLVMValueRef lo, hi;
    int64_t off_step, tap_step;
};
/* in: the operand's size along the axis, an i64. */
struct gather_row gather_row(struct ir *ir, const struct gather *q, int d, LLVMValueRef in,
                             LLVMValueRef out);

#endif
