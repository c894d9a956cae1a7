/* The frame of the losses: see kernel_loss.h. */
#include "kernel_loss.h"

#include "vmath.h"

struct loss_places loss_places_begin(struct kernel_build *k, int64_t pixels)
{
    struct loss_places p = {.pixel = ir_i64(k->ir, 0), .many = pixels > 1};
    if (p.many) {
        p.loop = ir_loop_begin(k->ir, ir_i64(k->ir, 0), ir_i64(k->ir, pixels), 1);
        p.pixel = p.loop.i;
    }
    return p;
}

void loss_places_end(struct kernel_build *k, struct loss_places *p)
{
    if (p->many)
        ir_loop_end(k->ir, &p->loop);
}

LLVMValueRef loss_label(struct kernel_build *k, LLVMValueRef image, LLVMValueRef pixel)
{
    struct ir *ir = k->ir;
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    LLVMValueRef place = ir_add(ir, ir_mul_const(ir, image, q.pixels), pixel);
    return vmath_splat_i32(ir, ir_load_int(ir, ir_at(ir, kernel_buffer(k, 1), place)));
}

static void emit_shards(struct kernel_build *k, loss_term *term, void *state)
{
    struct ir *ir = k->ir;
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    LLVMValueRef sum = ir_local(ir, ir->f32);
    struct address scratch = kernel_scratch(k);
    struct ir_loop shards = ir_loop_begin(ir, k->begin, k->end, 1);
    LLVMValueRef lo, hi;
    kernel_shard(k, shards.i, &lo, &hi);
    ir_set(ir, sum, ir_f32(ir, 0));
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    struct loss_places places = loss_places_begin(k, q.pixels);
    LLVMValueRef more = term(state, images.i, places.pixel);
    ir_set(ir, sum, LLVMBuildFAdd(ir->b, ir_get(ir, ir->f32, sum), more, ""));
    loss_places_end(k, &places);
    ir_loop_end(ir, &images);
    ir_store_f32(ir, ir_get(ir, ir->f32, sum),
                 ir_at(ir, scratch, ir_mul_const(ir, shards.i, FTMRT_CB)));
    ir_loop_end(ir, &shards);
}

static void emit_tree(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    uint32_t shards = (uint32_t)k->graph->program->shards;
    struct address scratch = kernel_scratch(k);
    LLVMValueRef v[FTMRT_MAX_SHARDS];
    for (uint32_t s = 0; s < shards; s++)
        v[s] = ir_load_f32(ir, ir_at_const(ir, scratch, (int64_t)s * FTMRT_CB));
    ir_store_f32(ir, vmath_tree_sum(ir, v, shards), kernel_result(k));
}

void loss_emit(struct kernel_build *k, loss_term *term, void *state)
{
    if (k->phase == 0)
        emit_shards(k, term, state);
    else
        emit_tree(k);
}

struct kernel_units loss_units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                               uint32_t phase)
{
    (void)n, (void)cpu;
    return (struct kernel_units){.fixed = phase == 0 ? g->program->shards : 1, .images = 1};
}

void loss_divide(struct kernel_build *k, int64_t per_place)
{
    struct ir *ir = k->ir;
    struct geometry q = geometry_of(k->graph, k->node->inputs[0]);
    LLVMValueRef count = geometry_float(ir, ir_mul_const(ir, k->step_images, q.pixels * per_place));
    LLVMValueRef sum = ir_load_f32(ir, kernel_result(k));
    ir_store_f32(ir, LLVMBuildFDiv(ir->b, sum, count, ""), kernel_result(k));
}
