/* Lanes that gather the channels of their groups: see group_lanes.h. */
#include "group_lanes.h"

#include "rounding.h"
#include "vmath.h"

enum { CB = FTMRT_CB };

static LLVMValueRef index_const(struct ir *ir, int64_t v)
{
    return vmath_splat_i32(ir, LLVMConstInt(ir->i32, (unsigned long long)v, false));
}

LLVMValueRef group_index_splat(struct ir *ir, LLVMValueRef i)
{
    return vmath_splat_i32(ir, LLVMBuildTrunc(ir->b, i, ir->i32, ""));
}

LLVMValueRef group_index_div(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return LLVMBuildUDiv(ir->b, a, index_const(ir, b), "");
}

LLVMValueRef group_index_rem(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return LLVMBuildURem(ir->b, a, index_const(ir, b), "");
}

/* a * b + c. */
LLVMValueRef group_index_add(struct ir *ir, LLVMValueRef a, int64_t b, LLVMValueRef c)
{
    return LLVMBuildAdd(ir->b, LLVMBuildMul(ir->b, a, index_const(ir, b), ""), c, "");
}

/* The elements at base + the lanes' offsets. */
LLVMValueRef group_gather(struct ir *ir, struct address base, LLVMValueRef offsets)
{
    LLVMValueRef v = ir_vec_const(ir, 0);
    for (uint32_t lane = 0; lane < ir->cpu->lanes; lane++) {
        LLVMValueRef at = LLVMConstInt(ir->i32, lane, false);
        LLVMValueRef offset = LLVMBuildExtractElement(ir->b, offsets, at, "");
        offset = LLVMBuildZExt(ir->b, offset, ir->i64, "");
        v = LLVMBuildInsertElement(ir->b, v, ir_load_f32(ir, ir_at(ir, base, offset)), at, "");
    }
    return v;
}

/* The channels of the lanes from `first`; past the last one it stands for the others. */
LLVMValueRef group_channels(struct ir *ir, LLVMValueRef first, int64_t channels)
{
    LLVMValueRef c = LLVMBuildAdd(ir->b, group_index_splat(ir, first), vmath_iota(ir), "");
    LLVMValueRef last = index_const(ir, channels - 1);
    LLVMValueRef past = LLVMBuildICmp(ir->b, LLVMIntUGT, c, last, "");
    return LLVMBuildSelect(ir->b, past, last, c, "");
}

/* The operand's values at a pixel, for the channel `r` of the lanes' groups. */
LLVMValueRef group_values(struct grouped *s, LLVMValueRef r, LLVMValueRef pixel)
{
    struct ir *ir = s->ir;
    LLVMValueRef group = group_index_div(ir, s->channel, s->out_group);
    LLVMValueRef c = group_index_add(ir, group, s->in_group, group_index_splat(ir, r));
    int64_t block = s->q.in[0] * s->q.in[1] * CB;
    LLVMValueRef offset =
        group_index_add(ir, group_index_div(ir, c, CB), block, group_index_rem(ir, c, CB));
    return group_gather(ir, ir_at(ir, s->x, ir_mul_const(ir, pixel, CB)), offset);
}

LLVMValueRef group_first_lane(struct ir *ir, LLVMValueRef block, uint32_t part)
{
    return ir_add_const(ir, ir_mul_const(ir, block, CB), (int64_t)part * ir->cpu->lanes);
}
