/* Addresses and loops that the kernels on channel blocks share (all but the convolutions, which
 * have their own). */
#include "geometry.h"

#include "rounding.h"

struct geometry geometry_of_shape(const struct shape *s)
{
    struct geometry q = {.channels = 1, .height = 1, .width = 1};
    if (s->rank == 1)
        q.channels = s->dim[0];
    else if (s->rank >= 2)
        q.channels = s->dim[1];
    if (s->rank == 4) {
        q.height = s->dim[2];
        q.width = s->dim[3];
    }
    q.blocks = ceil_div(q.channels, FTMRT_CB);
    q.pixels = q.height * q.width;
    return q;
}

struct geometry geometry_of(const struct graph *g, value_id v)
{
    return geometry_of_shape(graph_shape(g, v));
}

uint32_t geometry_parts(const struct ir *ir) { return FTMRT_CB / ir->cpu->lanes; }

struct address geometry_slice(struct ir *ir, const struct geometry *q, struct address base,
                              LLVMValueRef image, LLVMValueRef block)
{
    LLVMValueRef slice = ir_add(ir, ir_mul_const(ir, image, q->blocks), block);
    return ir_at(ir, base, ir_mul_const(ir, slice, q->pixels * FTMRT_CB));
}

struct address geometry_pixel(struct ir *ir, struct address slice, LLVMValueRef pixel,
                              uint32_t part)
{
    struct address p = ir_at(ir, slice, ir_mul_const(ir, pixel, FTMRT_CB));
    return ir_at_const(ir, p, (int64_t)part * ir->cpu->lanes);
}

struct address geometry_vector(struct ir *ir, const struct geometry *q, struct address base,
                               int64_t row, LLVMValueRef block, uint32_t part)
{
    struct address p = ir_at(ir, base, ir_mul_const(ir, block, FTMRT_CB));
    return ir_at_const(ir, p, row * q->blocks * FTMRT_CB + (int64_t)part * ir->cpu->lanes);
}

struct extent extent_of(struct kernel_build *k, const struct geometry *q)
{
    LLVMValueRef blocks = kernel_number(k, q->blocks);
    return (struct extent){.blocks = blocks, .pixels = kernel_number(k, q->pixels)};
}

struct address extent_slice(struct ir *ir, const struct extent *e, struct address base,
                            LLVMValueRef image, LLVMValueRef block)
{
    LLVMValueRef slice = ir_add(ir, ir_mul(ir, image, e->blocks), block);
    return ir_at(ir, base, ir_mul_const(ir, ir_mul(ir, slice, e->pixels), FTMRT_CB));
}

struct address extent_vector(struct ir *ir, const struct extent *e, struct address base,
                             int64_t row, LLVMValueRef block, uint32_t part)
{
    if (row)
        block = ir_add(ir, block, ir_mul_const(ir, e->blocks, row));
    struct address p = ir_at(ir, base, ir_mul_const(ir, block, FTMRT_CB));
    return ir_at_const(ir, p, (int64_t)part * ir->cpu->lanes);
}

struct unit_loop unit_loop_begin(struct kernel_build *k, int64_t blocks)
{
    struct unit_loop u;
    u.loop = ir_loop_begin(k->ir, k->begin, k->end, 1);
    u.image = ir_div_const(k->ir, u.loop.i, blocks);
    u.block = ir_rem_const(k->ir, u.loop.i, blocks);
    return u;
}

struct unit_loop unit_loop_begin_any(struct kernel_build *k, LLVMValueRef blocks)
{
    struct unit_loop u;
    u.loop = ir_loop_begin(k->ir, k->begin, k->end, 1);
    u.image = ir_div(k->ir, u.loop.i, blocks);
    u.block = ir_rem(k->ir, u.loop.i, blocks);
    return u;
}

void unit_loop_end(struct kernel_build *k, struct unit_loop *u) { ir_loop_end(k->ir, &u->loop); }

void geometry_finish(struct kernel_build *k, const struct unit_loop *u)
{
    struct ir *ir = k->ir;
    if (!k->node->step_count)
        return;
    struct geometry q = geometry_of_shape(&k->node->type.shape);
    struct ir_loop pixels = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, q.pixels), 1);
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        const struct position at = {
            .image = u->image, .block = u->block, .pixel = pixels.i, .part = part};
        epilogue_store(k, ir_load_vec(ir, epilogue_address(k, k->node->input_count, &at, 0)), &at);
    }
    ir_loop_end(ir, &pixels);
}

bool geometry_is_far(const struct kernel_build *k, const struct geometry *q)
{
    return k->graph->program->max_batch * q->blocks * q->pixels * FTMRT_CB > GEOMETRY_NEAR;
}

LLVMValueRef geometry_float(struct ir *ir, LLVMValueRef i)
{
    return LLVMBuildSIToFP(ir->b, i, ir->f32, "");
}

struct address kernel_result(struct kernel_build *k)
{
    return kernel_buffer(k, k->node->input_count);
}

struct address kernel_scratch(struct kernel_build *k)
{
    return kernel_buffer(k, k->node->input_count + 1);
}

uint32_t one_phase(const struct graph *g, const struct node *n, const struct cpu *cpu)
{
    (void)g, (void)n, (void)cpu;
    return 1;
}

uint32_t two_phases(const struct graph *g, const struct node *n, const struct cpu *cpu)
{
    (void)g, (void)n, (void)cpu;
    return 2;
}

static struct kernel_units units_of(const struct shape *s)
{
    struct geometry q = geometry_of_shape(s);
    if (!shape_batched(s))
        return (struct kernel_units){.fixed = q.blocks, .images = 1};
    return (struct kernel_units){.per_group = q.blocks, .images = 1};
}

struct kernel_units units_of_operand(const struct graph *g, const struct node *n,
                                     const struct cpu *cpu, uint32_t phase)
{
    (void)cpu, (void)phase;
    return units_of(graph_shape(g, n->inputs[0]));
}

struct kernel_units units_of_result(const struct graph *g, const struct node *n,
                                    const struct cpu *cpu, uint32_t phase)
{
    (void)g, (void)cpu, (void)phase;
    return units_of(&n->type.shape);
}

struct kernel_units units_of_rows(const struct graph *g, const struct node *n,
                                  const struct cpu *cpu, uint32_t phase)
{
    (void)g, (void)cpu, (void)phase;
    const struct shape *s = &n->type.shape;
    return (struct kernel_units){.fixed = s->dim[0] * geometry_of_shape(s).blocks, .images = 1};
}
