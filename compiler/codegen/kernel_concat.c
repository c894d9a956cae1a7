/* concat and its gradient: copies of channels. A unit is an image.
 *
 * Where a run of channels begins at a block on both sides, its whole blocks are one flat copy; other
 * channels are copied one by one. What they leave of the last block is zeroed before. */
#include "geometry.h"

enum { CB = FTMRT_CB };

/* A run of channels: `channels` from `from` on of one image, to those from `to` on of the other. */
struct run {
    const struct geometry *in, *out;
    LLVMValueRef x, y; /* the images */
    int64_t from, to, channels;
};

static LLVMValueRef image_of(struct ir *ir, const struct geometry *q, LLVMValueRef base,
                             LLVMValueRef image)
{
    return ir_at(ir, base, ir_mul_const(ir, image, q->blocks * q->pixels * CB));
}

/* Address of a block of an image. */
static LLVMValueRef block_at(struct ir *ir, const struct geometry *q, LLVMValueRef image,
                             int64_t block)
{
    return ir_at_const(ir, image, block * q->pixels * CB);
}

static void copy_blocks(struct ir *ir, const struct run *r, int64_t blocks)
{
    LLVMValueRef x = block_at(ir, r->in, r->x, r->from / CB),
                 y = block_at(ir, r->out, r->y, r->to / CB);
    struct ir_loop i =
        ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, blocks * r->in->pixels * CB), ir->cpu->lanes);
    ir_store_vec(ir, ir_load_vec(ir, ir_at(ir, x, i.i)), ir_at(ir, y, i.i));
    ir_loop_end(ir, &i);
}

static void clear_block(struct ir *ir, const struct geometry *q, LLVMValueRef image, int64_t block)
{
    LLVMValueRef y = block_at(ir, q, image, block);
    struct ir_loop i = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, q->pixels * CB), ir->cpu->lanes);
    ir_store_vec(ir, ir_vec_const(ir, 0), ir_at(ir, y, i.i));
    ir_loop_end(ir, &i);
}

/* Address of a channel (an i64) of an image, at its first pixel. */
static LLVMValueRef channel_at(struct ir *ir, const struct geometry *q, LLVMValueRef image,
                               LLVMValueRef channel)
{
    LLVMValueRef block = ir_mul_const(ir, ir_div_const(ir, channel, CB), q->pixels * CB);
    return ir_at(ir, image, ir_add(ir, block, ir_rem_const(ir, channel, CB)));
}

static void copy_channels(struct ir *ir, const struct run *r, int64_t first)
{
    struct ir_loop c = ir_loop_begin(ir, ir_i64(ir, first), ir_i64(ir, r->channels), 1);
    LLVMValueRef x = channel_at(ir, r->in, r->x, ir_add_const(ir, c.i, r->from)),
                 y = channel_at(ir, r->out, r->y, ir_add_const(ir, c.i, r->to));
    struct ir_loop p = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, r->in->pixels), 1);
    LLVMValueRef at = ir_mul_const(ir, p.i, CB);
    ir_store_f32(ir, ir_load_f32(ir, ir_at(ir, x, at)), ir_at(ir, y, at));
    ir_loop_end(ir, &p);
    ir_loop_end(ir, &c);
}

static void copy_run(struct ir *ir, const struct run *r)
{
    int64_t end = r->to + r->channels, last = (end - 1) / CB;
    int64_t whole = r->from % CB == 0 && r->to % CB == 0 ? r->channels / CB : 0;
    if (whole > 0)
        copy_blocks(ir, r, whole);
    if (whole * CB == r->channels)
        return;
    if (end % CB != 0 && last * CB >= r->to)
        clear_block(ir, r->out, r->y, last);
    copy_channels(ir, r, whole * CB);
}

static void emit_concat(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    value_id self = {(uint32_t)(k->node - k->graph->nodes.at)};
    struct geometry out = geometry_of(k->graph, self);
    struct unit_loop u = unit_loop_begin(k, 1);
    struct run r = {.out = &out, .y = image_of(ir, &out, kernel_result(k), u.image)};
    for (uint32_t i = 0; i < k->node->input_count; i++) {
        struct geometry in = geometry_of(k->graph, k->node->inputs[i]);
        r.in = &in;
        r.x = image_of(ir, &in, kernel_buffer(k, i), u.image);
        r.channels = in.channels;
        copy_run(ir, &r);
        r.to += in.channels;
    }
    unit_loop_end(k, &u);
}

static void emit_concat_grad(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    value_id self = {(uint32_t)(k->node - k->graph->nodes.at)};
    struct geometry in = geometry_of(k->graph, k->node->inputs[0]),
                    out = geometry_of(k->graph, self);
    struct unit_loop u = unit_loop_begin(k, 1);
    const struct run r = {.in = &in,
                          .out = &out,
                          .x = image_of(ir, &in, kernel_buffer(k, 0), u.image),
                          .y = image_of(ir, &out, kernel_result(k), u.image),
                          .from = k->node->attrs->first,
                          .channels = out.channels};
    copy_run(ir, &r);
    unit_loop_end(k, &u);
}

static struct kernel_units image_units(const struct graph *g, const struct node *n,
                                       const struct cpu *cpu, uint32_t phase)
{
    (void)g, (void)n, (void)cpu, (void)phase;
    return (struct kernel_units){.per_group = 1, .images = 1};
}

const struct kernel_family kernel_concat = {
    .name = "concat", .phases = one_phase, .units = image_units, .emit = emit_concat};
const struct kernel_family kernel_concat_grad = {
    .name = "concat_grad", .phases = one_phase, .units = image_units, .emit = emit_concat_grad};
