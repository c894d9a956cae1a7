/* Partial results of the shards: see kernel_conv_shards.h. The tree's shape is fixed by the number
 * of shards alone. */
#include "kernel_conv_shards.h"

#include "geometry.h"
#include "kernel_conv.h"
#include "vmath.h"

enum { UNIT_FLOATS = 4096 };

int64_t conv_result_floats(const struct node *n) { return form_elements(n->form, &n->type.shape); }

LLVMValueRef conv_shard_tree(struct kernel_build *k, struct address p, int64_t stride)
{
    int64_t shards = k->graph->program->shards;
    LLVMValueRef parts[FTMRT_MAX_SHARDS];
    for (int64_t s = 0; s < shards; s++)
        parts[s] = ir_load_vec(k->ir, ir_at_const(k->ir, p, s * stride));
    return vmath_tree_sum(k->ir, parts, (uint32_t)shards);
}

struct kernel_units conv_combine_units(int64_t floats)
{
    return (struct kernel_units){.fixed = ceil_div(floats, UNIT_FLOATS), .images = 1};
}

struct kernel_units conv_shard_units(const struct graph *g, const struct node *n,
                                     const struct cpu *cpu, uint32_t phase)
{
    (void)cpu;
    if (phase == 1)
        return conv_combine_units(conv_result_floats(n));
    int64_t blocks = ceil_div(n->type.shape.dim[0], FTMRT_CB);
    return (struct kernel_units){.fixed = blocks * g->program->shards, .images = 1};
}

void conv_combine_shards(struct kernel_build *k, int64_t floats)
{
    struct ir *ir = k->ir;
    LLVMValueRef lo = ir_mul_const(ir, k->begin, UNIT_FLOATS);
    LLVMValueRef hi = ir_min(ir, ir_mul_const(ir, k->end, UNIT_FLOATS), ir_i64(ir, floats));
    struct ir_loop loop = ir_loop_begin(ir, lo, hi, ir->cpu->lanes);
    LLVMValueRef sum = conv_shard_tree(k, ir_at(ir, kernel_scratch(k), loop.i), floats);
    ir_store_vec(ir, sum, ir_at(ir, kernel_result(k), loop.i));
    ir_loop_end(ir, &loop);
}
