/* Groups within a channel block: see block_groups.h. */
#include "block_groups.h"

enum { CB = FTMRT_CB, MAX_STACK = 8192 /* floats */ };

int64_t block_groups_size(int64_t in, int64_t out, int64_t groups, int64_t taps)
{
    int64_t group = in / groups;
    return in == out && CB % group == 0 && taps * group * CB <= MAX_STACK ? group : 0;
}

/* Lane l has lane l / group * group + r. */
static LLVMValueRef permuted(struct ir *ir, LLVMValueRef value, int64_t group, int64_t r)
{
    LLVMValueRef lane[FTMRT_CB];
    for (uint32_t l = 0; l < ir->cpu->lanes; l++)
        lane[l] = LLVMConstInt(ir->i32, l / (uint32_t)group * (uint32_t)group + (uint32_t)r, false);
    return LLVMBuildShuffleVector(ir->b, value, LLVMGetPoison(ir->vec),
                                  LLVMConstVector(lane, ir->cpu->lanes), "");
}

LLVMValueRef block_group_channel(struct ir *ir, const struct block_group *g, LLVMValueRef value,
                                 int64_t r)
{
    if (g->group == 1)
        return value;
    if (g->group <= (int64_t)ir->cpu->lanes)
        return permuted(ir, value, g->group, r);
    LLVMValueRef back = ir_rem_const(ir, g->lane, g->group); /* the vector lies within a group */
    LLVMValueRef first = ir_sub(ir, ir_i64(ir, r), back);
    return ir_splat(ir, ir_load_f32(ir, ir_at(ir, g->x, first)));
}

void block_group_turn(struct ir *ir, int64_t group, struct address from, struct address to)
{
    for (int64_t r = 0; r < group; r++)
        for (int64_t lane = 0; lane < CB; lane++)
            ir_copy(ir, ir_at_const(ir, from, lane % group * CB + lane / group * group + r),
                    ir_at_const(ir, to, r * CB + lane));
}
