/* Philox 4x32-10 over vectors, as runtime/core/random.c has it over numbers: the two halves of a product are those of 64-bit
 * lanes, which every level multiplies. Everything but the rounds themselves is the same for all places, and leaves the loops
 * over them.
 *
 * Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011. */
#include "random_ir.h"

#include "ftmrt.h"
#include "vmath.h"

/* An i32 in the type of another value. */
static LLVMValueRef like(struct ir *ir, LLVMValueRef scalar, LLVMValueRef other)
{
    const bool vector = LLVMGetTypeKind(LLVMTypeOf(other)) == LLVMVectorTypeKind;
    return vector ? vmath_splat_i32(ir, scalar) : scalar;
}

static LLVMValueRef shift_right(struct ir *ir, LLVMValueRef v, unsigned bits)
{
    return LLVMBuildLShr(ir->b, v, ir_int_const(LLVMTypeOf(v), bits), "");
}

/* x ^= x >> bits; x *= factor: a half of splitmix64's finaliser. */
static LLVMValueRef mixed(struct ir *ir, LLVMValueRef x, unsigned bits, uint64_t factor)
{
    x = LLVMBuildXor(ir->b, x, shift_right(ir, x, bits), "");
    return LLVMBuildMul(ir->b, x, LLVMConstInt(ir->i64, factor, false), "");
}

/* The halves of v times a constant. */
static void multiply(struct ir *ir, LLVMValueRef v, uint32_t factor, LLVMValueRef *high,
                     LLVMValueRef *low)
{
    LLVMTypeRef type = LLVMTypeOf(v), wide = ir->i64;
    if (LLVMGetTypeKind(type) == LLVMVectorTypeKind)
        wide = LLVMVectorType(ir->i64, ir->cpu->lanes);
    LLVMValueRef p =
        LLVMBuildMul(ir->b, LLVMBuildZExt(ir->b, v, wide, ""), ir_int_const(wide, factor), "");
    *low = LLVMBuildTrunc(ir->b, p, type, "");
    *high = LLVMBuildTrunc(ir->b, shift_right(ir, p, 32), type, "");
}

/* Replaces the counter by its random bits. */
static void philox(struct ir *ir, LLVMValueRef counter[4], LLVMValueRef key[2])
{
    for (int round = 0; round < 10; round++) {
        LLVMValueRef h0, l0, h1, l1;
        multiply(ir, counter[0], 0xd2511f53U, &h0, &l0);
        multiply(ir, counter[2], 0xcd9e8d57U, &h1, &l1);
        LLVMValueRef k0 = like(ir, key[0], counter[0]), k1 = like(ir, key[1], counter[0]);
        counter[0] = LLVMBuildXor(ir->b, h1, LLVMBuildXor(ir->b, counter[1], k0, ""), "");
        counter[2] = LLVMBuildXor(ir->b, h0, LLVMBuildXor(ir->b, counter[3], k1, ""), "");
        counter[1] = l1;
        counter[3] = l0;
        key[0] = LLVMBuildAdd(ir->b, key[0], LLVMConstInt(ir->i32, 0x9e3779b9U, false), "");
        key[1] = LLVMBuildAdd(ir->b, key[1], LLVMConstInt(ir->i32, 0xbb67ae85U, false), "");
    }
}

/* The halves of an i64. */
static void split(struct ir *ir, LLVMValueRef v, LLVMValueRef half[2])
{
    half[0] = LLVMBuildTrunc(ir->b, v, ir->i32, "");
    half[1] = LLVMBuildTrunc(ir->b, shift_right(ir, v, 32), ir->i32, "");
}

LLVMValueRef random_uniform(struct ir *ir, const struct random_keys *keys)
{
    LLVMValueRef golden = LLVMConstInt(ir->i64, UINT64_C(0x9e3779b97f4a7c15), false);
    LLVMValueRef stream = LLVMBuildMul(ir->b, keys->use, golden, ""), key[2], lane[2];
    stream = LLVMBuildAdd(ir->b, keys->step, stream, "");
    stream = mixed(ir, stream, 30, UINT64_C(0xbf58476d1ce4e5b9));
    stream = mixed(ir, stream, 27, UINT64_C(0x94d049bb133111eb));
    stream = LLVMBuildXor(ir->b, stream, shift_right(ir, stream, 31), "");
    split(ir, stream, lane);
    split(ir, keys->seed, key);
    LLVMValueRef image = LLVMBuildTrunc(ir->b, keys->image, ir->i32, "");
    LLVMValueRef counter[4] = {keys->place, like(ir, image, keys->place),
                               like(ir, lane[0], keys->place), like(ir, lane[1], keys->place)};
    philox(ir, counter, key);
    const bool vector = LLVMGetTypeKind(LLVMTypeOf(keys->place)) == LLVMVectorTypeKind;
    LLVMTypeRef type = vector ? ir->vec : ir->f32;
    LLVMValueRef whole = LLVMBuildSIToFP(ir->b, shift_right(ir, counter[0], 8), type, "");
    LLVMValueRef unit = vector ? ir_vec_const(ir, 0x1p-24) : LLVMConstReal(ir->f32, 0x1p-24);
    return LLVMBuildFMul(ir->b, whole, unit, "");
}
