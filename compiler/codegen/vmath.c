/* Elementary functions as vector IR.
 *
 * exp and log follow the classic scheme (W. J. Cody, W. Waite, Software Manual for the Elementary
 * Functions, 1980): reduce the argument with the exponent of the number format, evaluate a
 * polynomial on the small rest, put the exponent back. The coefficients are minimax fits of our own
 * (Lawson's algorithm), rounded to f32; errors in vmath.h. Rounding to an integer is done by adding
 * and subtracting 1.5 * 2^23: exact on every level, no rounding instruction. */
#include "vmath.h"

#include "ftmrt.h"

static LLVMValueRef fadd(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildFAdd(ir->b, a, b, "");
}

static LLVMValueRef fmul(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildFMul(ir->b, a, b, "");
}

/* <lanes x i32>. */
static LLVMTypeRef vmath_int_type(struct ir *ir) { return LLVMVectorType(ir->i32, ir->cpu->lanes); }

static LLVMValueRef int_const(struct ir *ir, uint32_t v)
{
    LLVMValueRef lanes[FTMRT_CB];
    for (uint32_t i = 0; i < ir->cpu->lanes; i++)
        lanes[i] = LLVMConstInt(ir->i32, v, false);
    return LLVMConstVector(lanes, ir->cpu->lanes);
}

LLVMValueRef vmath_iota(struct ir *ir)
{
    LLVMValueRef lanes[FTMRT_CB];
    for (uint32_t i = 0; i < ir->cpu->lanes; i++)
        lanes[i] = LLVMConstInt(ir->i32, i, false);
    return LLVMConstVector(lanes, ir->cpu->lanes);
}

LLVMValueRef vmath_splat_i32(struct ir *ir, LLVMValueRef scalar)
{
    LLVMTypeRef type = vmath_int_type(ir);
    LLVMValueRef v = LLVMBuildInsertElement(ir->b, LLVMGetPoison(type), scalar,
                                            LLVMConstInt(ir->i32, 0, false), "");
    return LLVMBuildShuffleVector(ir->b, v, LLVMGetPoison(type), LLVMConstNull(type), "");
}

/* Horner's rule; coefficients from the highest power down. */
static LLVMValueRef polynomial(struct ir *ir, LLVMValueRef x, const double *c, uint32_t count)
{
    LLVMValueRef p = ir_vec_const(ir, c[0]);
    for (uint32_t i = 1; i < count; i++)
        p = ir_fma(ir, p, x, ir_vec_const(ir, c[i]));
    return p;
}

/* Comparisons are written so that NaN passes through. */
static LLVMValueRef clamp(struct ir *ir, LLVMValueRef x, double lo, double hi)
{
    LLVMValueRef l = ir_vec_const(ir, lo), h = ir_vec_const(ir, hi);
    x = LLVMBuildSelect(ir->b, LLVMBuildFCmp(ir->b, LLVMRealOLT, x, l, ""), l, x, "");
    return LLVMBuildSelect(ir->b, LLVMBuildFCmp(ir->b, LLVMRealOGT, x, h, ""), h, x, "");
}

LLVMValueRef vmath_exp(struct ir *ir, LLVMValueRef x)
{
    /* e^r = 1 + r + r^2 P(r) for |r| <= log(2) / 2; P misses by 3.1e-9 relative to e^r. */
    static const double p[] = {0.001381459878757596, 0.008368716575205326, 0.04166838899254799,
                               0.1666652113199234, 0.4999999403953552};
    LLVMTypeRef ints = vmath_int_type(ir);
    LLVMValueRef magic = ir_vec_const(ir, 12582912.0);
    x = clamp(ir, x, -87.3, 88.3);
    LLVMValueRef t = ir_fma(ir, x, ir_vec_const(ir, 1.4426950408889634), magic);
    LLVMValueRef whole = LLVMBuildFSub(ir->b, t, magic, "");
    /* log(2) in two parts: the first has few enough bits for its product with `whole` to be exact.
     */
    LLVMValueRef r = ir_fma(ir, whole, ir_vec_const(ir, -0.693359375), x);
    r = ir_fma(ir, whole, ir_vec_const(ir, 2.12194440e-4), r);
    LLVMValueRef y = polynomial(ir, r, p, sizeof p / sizeof p[0]);
    y = fadd(ir, ir_fma(ir, y, fmul(ir, r, r), r), ir_vec_const(ir, 1));
    LLVMValueRef power = LLVMBuildSub(ir->b, LLVMBuildBitCast(ir->b, t, ints, ""),
                                      LLVMBuildBitCast(ir->b, magic, ints, ""), "");
    power = LLVMBuildShl(ir->b, LLVMBuildAdd(ir->b, power, int_const(ir, 127), ""),
                         int_const(ir, 23), "");
    return fmul(ir, y, LLVMBuildBitCast(ir->b, power, ir->vec, ""));
}

LLVMValueRef vmath_log(struct ir *ir, LLVMValueRef x)
{
    /* log(1 + f) = f - f^2 / 2 + f^3 P(f) for 1 + f in [sqrt(1/2), sqrt(2)); the fit misses
     * by 5.9e-9 f. */
    static const double p[] = {-0.07859619706869125, 0.12881654500961304,  -0.13128754496574402,
                               0.14181190729141235,  -0.16624553501605988, 0.2000228613615036,
                               -0.25000810623168945, 0.33333316445350647};
    LLVMTypeRef ints = vmath_int_type(ir);
    LLVMValueRef bits = LLVMBuildBitCast(ir->b, x, ints, "");
    /* Moving the bits by sqrt(1/2) lets the exponent field change at sqrt(1/2) instead of 1. */
    LLVMValueRef half = int_const(ir, 0x3f3504f3U);
    LLVMValueRef moved = LLVMBuildSub(ir->b, bits, half, "");
    LLVMValueRef e = LLVMBuildAShr(ir->b, moved, int_const(ir, 23), "");
    LLVMValueRef mantissa =
        LLVMBuildAdd(ir->b, LLVMBuildAnd(ir->b, moved, int_const(ir, 0x7fffffU), ""), half, "");
    LLVMValueRef f = LLVMBuildFSub(ir->b, LLVMBuildBitCast(ir->b, mantissa, ir->vec, ""),
                                   ir_vec_const(ir, 1), "");
    LLVMValueRef exponent = LLVMBuildSIToFP(ir->b, e, ir->vec, "");
    LLVMValueRef f2 = fmul(ir, f, f);
    LLVMValueRef y = fmul(ir, polynomial(ir, f, p, sizeof p / sizeof p[0]), fmul(ir, f2, f));
    y = ir_fma(ir, exponent, ir_vec_const(ir, -2.12194440e-4), y);
    y = ir_fma(ir, f2, ir_vec_const(ir, -0.5), y);
    y = fadd(ir, f, y);
    return ir_fma(ir, exponent, ir_vec_const(ir, 0.693359375), y);
}

/* ---- odd functions ---- */

enum { SIGN_BIT = INT32_MIN };

static LLVMValueRef masked(struct ir *ir, LLVMValueRef x, uint32_t mask)
{
    LLVMValueRef bits = LLVMBuildBitCast(ir->b, x, vmath_int_type(ir), "");
    return LLVMBuildAnd(ir->b, bits, int_const(ir, mask), "");
}

LLVMValueRef vmath_abs(struct ir *ir, LLVMValueRef x)
{
    return LLVMBuildBitCast(ir->b, masked(ir, x, ~(uint32_t)SIGN_BIT), ir->vec, "");
}

/* |x| < bound ? near : far, where far, which is not negative, gets the sign of x; far for NaN. */
static LLVMValueRef near_or_far(struct ir *ir, LLVMValueRef x, double bound, LLVMValueRef near,
                                LLVMValueRef far)
{
    LLVMValueRef bits = LLVMBuildBitCast(ir->b, far, vmath_int_type(ir), "");
    bits = LLVMBuildOr(ir->b, bits, masked(ir, x, (uint32_t)SIGN_BIT), "");
    far = LLVMBuildBitCast(ir->b, bits, ir->vec, "");
    LLVMValueRef small =
        LLVMBuildFCmp(ir->b, LLVMRealOLT, vmath_abs(ir, x), ir_vec_const(ir, bound), "");
    return LLVMBuildSelect(ir->b, small, near, far, "");
}

LLVMValueRef vmath_tanh(struct ir *ir, LLVMValueRef x)
{
    /* tanh x = x + x^3 P(x^2) for |x| <= 0.625, missed by 4.4e-9; beyond 1 - 2 / (e^2|x| + 1). */
    static const double p[] = {-0.005704987328499556, 0.0206390880048275, -0.05373971536755562,
                               0.13331441581249237, -0.3333328068256378};
    LLVMValueRef x2 = fmul(ir, x, x), one = ir_vec_const(ir, 1), a = vmath_abs(ir, x);
    LLVMValueRef near = polynomial(ir, x2, p, sizeof p / sizeof p[0]);
    near = ir_fma(ir, fmul(ir, x2, x), near, x);
    LLVMValueRef e = vmath_exp(ir, fadd(ir, a, a));
    LLVMValueRef far = LLVMBuildFDiv(ir->b, ir_vec_const(ir, -2), fadd(ir, e, one), "");
    return near_or_far(ir, x, 0.625, near, fadd(ir, one, far));
}

LLVMValueRef vmath_erf(struct ir *ir, LLVMValueRef x)
{
    /* erf x = x + x P(x^2) for |x| <= 1, missed by 1.2e-9. */
    static const double p[] = {7.853883289499208e-05, -0.0008010200690478086, 0.005188328679651022,
                               -0.026853812858462334, 0.1128358542919159,     -0.3761262595653534,
                               0.12837916612625122};
    /* Beyond erf x = 1 - e^(-x Q(x)), missed by 2.5e-9 up to 4, where 1 - erf x is 1.5e-8. */
    static const double q[] = {-0.00021064247994218022, 0.0031869406811892986, -0.02279844507575035,
                               0.1051161140203476,      0.6358314752578735,    1.128480076789856};
    LLVMValueRef near = polynomial(ir, fmul(ir, x, x), p, sizeof p / sizeof p[0]);
    near = ir_fma(ir, x, near, x);
    LLVMValueRef a = clamp(ir, vmath_abs(ir, x), 0, 4);
    LLVMValueRef far = polynomial(ir, a, q, sizeof q / sizeof q[0]);
    far = vmath_exp(ir, LLVMBuildFNeg(ir->b, fmul(ir, a, far), ""));
    return near_or_far(ir, x, 1, near, LLVMBuildFSub(ir->b, ir_vec_const(ir, 1), far, ""));
}

LLVMValueRef vmath_max(struct ir *ir, LLVMValueRef a, LLVMValueRef b)
{
    LLVMValueRef keep = LLVMBuildFCmp(ir->b, LLVMRealUGE, a, b, "");
    return LLVMBuildSelect(ir->b, keep, a, b, "");
}

/* Combines the upper half of each group of `width` lanes with the lower one. */
static LLVMValueRef fold(struct ir *ir, LLVMValueRef v, uint32_t width,
                         LLVMValueRef (*combine)(struct ir *, LLVMValueRef, LLVMValueRef))
{
    LLVMValueRef mask[FTMRT_CB];
    for (uint32_t i = 0; i < ir->cpu->lanes; i++)
        mask[i] = LLVMConstInt(ir->i32, i % width < width / 2 ? i + width / 2 : i, false);
    LLVMValueRef other = LLVMBuildShuffleVector(ir->b, v, LLVMGetPoison(ir->vec),
                                                LLVMConstVector(mask, ir->cpu->lanes), "");
    return combine(ir, v, other);
}

static LLVMValueRef lanes(struct ir *ir, LLVMValueRef v,
                          LLVMValueRef (*combine)(struct ir *, LLVMValueRef, LLVMValueRef))
{
    for (uint32_t width = ir->cpu->lanes; width > 1; width /= 2)
        v = fold(ir, v, width, combine);
    return LLVMBuildExtractElement(ir->b, v, LLVMConstInt(ir->i32, 0, false), "");
}

LLVMValueRef vmath_lanes_sum(struct ir *ir, LLVMValueRef v) { return lanes(ir, v, fadd); }

LLVMValueRef vmath_lanes_max(struct ir *ir, LLVMValueRef v) { return lanes(ir, v, vmath_max); }

/* a and b are made of groups of `width` lanes: the halves of a's groups, then of b's; high: the upper ones. */
static LLVMValueRef halves(struct ir *ir, LLVMValueRef a, LLVMValueRef b, uint32_t width, bool high)
{
    LLVMValueRef mask[FTMRT_CB];
    const uint32_t count = ir->cpu->lanes, half = width / 2;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t group = i / half, lane = i % half + (high ? half : 0);
        mask[i] = LLVMConstInt(ir->i32, group * width + lane, false);
    }
    return LLVMBuildShuffleVector(ir->b, a, b, LLVMConstVector(mask, count), "");
}

/* Folds `count` vectors at once: two of them into one whose groups of lanes are half as wide, and so on. Each lane is combined with
 * what lanes() combines it with. */
static LLVMValueRef lanes_of_many(struct ir *ir, LLVMValueRef *v, uint32_t count,
                                  LLVMValueRef (*combine)(struct ir *, LLVMValueRef, LLVMValueRef))
{
    uint32_t width = ir->cpu->lanes;
    if (count == 1)
        return lanes(ir, v[0], combine);
    for (; count > 1; count /= 2, width /= 2)
        for (uint32_t i = 0; i < count; i += 2) {
            LLVMValueRef low = halves(ir, v[i], v[i + 1], width, false);
            v[i / 2] = combine(ir, low, halves(ir, v[i], v[i + 1], width, true));
        }
    for (; width > 1; width /= 2)
        v[0] = fold(ir, v[0], width, combine);
    return v[0];
}

LLVMValueRef vmath_lanes_sums(struct ir *ir, LLVMValueRef *v, uint32_t count)
{
    return lanes_of_many(ir, v, count, fadd);
}

LLVMValueRef vmath_lanes_maxima(struct ir *ir, LLVMValueRef *v, uint32_t count)
{
    return lanes_of_many(ir, v, count, vmath_max);
}

LLVMValueRef vmath_lane_of(struct ir *ir, LLVMValueRef results, uint32_t i, uint32_t count)
{
    LLVMValueRef mask[FTMRT_CB];
    if (count == 1)
        return ir_splat(ir, results);
    for (uint32_t lane = 0; lane < ir->cpu->lanes; lane++)
        mask[lane] = LLVMConstInt(ir->i32, (uint64_t)i * (ir->cpu->lanes / count), false);
    return LLVMBuildShuffleVector(ir->b, results, LLVMGetPoison(ir->vec),
                                  LLVMConstVector(mask, ir->cpu->lanes), "");
}

LLVMValueRef vmath_tree_sum(struct ir *ir, LLVMValueRef *values, uint32_t count)
{
    while (count > 1) {
        for (uint32_t i = 0; i + 1 < count; i += 2)
            values[i / 2] = fadd(ir, values[i], values[i + 1]);
        if (count % 2)
            values[count / 2] = values[count - 1];
        count = (count + 1) / 2;
    }
    return values[0];
}
