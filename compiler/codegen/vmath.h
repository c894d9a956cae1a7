/* Elementary functions and horizontal reductions as vector IR: the same bits on every machine of a
 * level. */
#ifndef FTM_CODEGEN_VMATH_H
#define FTM_CODEGEN_VMATH_H

#include "ir.h"

/* e^x, lane by lane; x: ir->vec. Domain: all; below -87.3 it is e^-87.3 (1.2e-38), above 88.3 it is
 * e^88.3. Largest relative error 1e-7 (tests/numerics/vmath.c). NaN gives NaN. */
LLVMValueRef vmath_exp(struct ir *ir, LLVMValueRef x);

/* Natural logarithm, lane by lane; x: ir->vec. Domain: normal positive numbers; elsewhere the
 * result is unspecified. Largest error 1.5e-7 relative to max(1, |log x|). */
LLVMValueRef vmath_log(struct ir *ir, LLVMValueRef x);

/* Absolute value, lane by lane: the sign bit cleared. */
LLVMValueRef vmath_abs(struct ir *ir, LLVMValueRef x);

/* Hyperbolic tangent, lane by lane; x: ir->vec. Domain: all. Largest relative error 1.8e-7. NaN gives
 * NaN. */
LLVMValueRef vmath_tanh(struct ir *ir, LLVMValueRef x);

/* Error function 2/sqrt(pi) * integral of e^(-t^2) from 0 to x, lane by lane; x: ir->vec. Domain: all.
 * Largest relative error 1.8e-7. NaN gives NaN. */
LLVMValueRef vmath_erf(struct ir *ir, LLVMValueRef x);

/* Sum and maximum of the lanes as f32, by halves: the order is fixed. */
LLVMValueRef vmath_lanes_sum(struct ir *ir, LLVMValueRef v);
LLVMValueRef vmath_lanes_max(struct ir *ir, LLVMValueRef v);

/* The same of `count` vectors at once, a power of 2 and no more than lanes; the vectors are overwritten. Of one vector the result is an
 * f32, of several a vector with one in each of `count` groups of lanes: what is the same for all is computed once for them. */
LLVMValueRef vmath_lanes_sums(struct ir *ir, LLVMValueRef *v, uint32_t count);
LLVMValueRef vmath_lanes_maxima(struct ir *ir, LLVMValueRef *v, uint32_t count);
/* Result i of such `count`, in every lane. */
LLVMValueRef vmath_lane_of(struct ir *ir, LLVMValueRef results, uint32_t i, uint32_t count);

/* Lane by lane a > b ? a : b; NaN in a gives NaN. */
LLVMValueRef vmath_max(struct ir *ir, LLVMValueRef a, LLVMValueRef b);

/* 0, 1, 2, ... as i32 lanes. */
LLVMValueRef vmath_iota(struct ir *ir);
/* An i32 (scalar) in every lane. */
LLVMValueRef vmath_splat_i32(struct ir *ir, LLVMValueRef scalar);

/* A tree of pairs over count values, ((0+1)+(2+3))+...; the values are overwritten. */
LLVMValueRef vmath_tree_sum(struct ir *ir, LLVMValueRef *values, uint32_t count);

#endif
