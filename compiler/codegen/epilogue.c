/* Element-wise expressions at a position of a result: the builder that the ops' emission rules see,
 * over LLVM IR.
 *
 * A node's own operands come first in its buffers, then the further operands of its steps in order.
 * A step's operand 0 is the value that the anchor or the step before it made; it stays in a
 * register. */
#include "draw.h"
#include "kernel.h"
#include "lanes.h"
#include "mask.h"
#include "op.h"
#include "padding.h"
#include "random_ir.h"
#include "rounding.h"
#include "vmath.h"

/* One op's expression under construction. */
struct expression {
    struct lanes lanes; /* first */
    struct kernel_build *k;
    const struct position *at;
    LLVMValueRef so_far; /* operand 0 of a step; NULL: operand 0 is in memory */
    uint32_t first;      /* buffer of the first operand in memory */
    value_id counted; /* value whose elements per channel emit_count() means; VALUE_NONE: the node's
                         result */
};

static struct expression *of(struct emit *e) { return (struct expression *)e; }

static int64_t blocks(int64_t channels) { return ceil_div(channels, FTMRT_CB); }

static int64_t pixels(const struct shape *s) { return s->rank == 4 ? s->dim[2] * s->dim[3] : 1; }

static struct address add_lane(struct ir *ir, struct address p, const struct position *at)
{
    return at->lane ? ir_at(ir, p, at->lane) : p;
}

/* Address of the lanes of [C] and [R,C] values, and of weights, whose groups the block counts. */
static struct address vector_address(struct kernel_build *k, struct address p,
                                     const struct shape *s, const struct position *at, uint32_t row)
{
    struct ir *ir = k->ir;
    p = add_lane(ir, p, at);
    int64_t offset = at->block_add * FTMRT_CB + (int64_t)at->part * ir->cpu->lanes;
    LLVMValueRef block = at->block;
    if (k->any_size && row)
        block = ir_add(ir, block, ir_mul_const(ir, k->size[SIZE_BLOCKS], row));
    else
        offset += row * blocks(s->dim[s->rank - 1]) * FTMRT_CB;
    return ir_at_const(ir, ir_at(ir, p, ir_mul_const(ir, block, FTMRT_CB)), offset);
}

static bool one_channel(const struct kernel_build *k, const struct shape *s)
{
    return kernel_one_channel(s, &k->node->type.shape);
}

static bool one_pixel(const struct kernel_build *k, const struct shape *s)
{
    return kernel_one_pixel(s, &k->node->type.shape);
}

/* The position in an operand that is broadcast over channels or pixels: the only one there is. */
static struct position broadcast(const struct kernel_build *k, const struct shape *s,
                                 const struct position *at)
{
    struct position to = *at;
    if (one_channel(k, s)) {
        to.block = ir_i64(k->ir, 0);
        to.block_add = 0;
        to.part = 0;
        to.lane = NULL;
    }
    if (one_pixel(k, s)) {
        to.pixel = ir_i64(k->ir, 0);
        to.pixel_add = 0;
    }
    return to;
}

/* The group of 16 elements of an (image, block, pixel): so many blocks in an image, pixels in a block. */
static LLVMValueRef group_at(struct ir *ir, LLVMValueRef image, LLVMValueRef block,
                             LLVMValueRef pixel, LLVMValueRef in_image, LLVMValueRef in_block)
{
    LLVMValueRef slice = ir_add(ir, ir_mul(ir, image, in_image), block);
    return ir_add(ir, ir_mul(ir, slice, in_block), pixel);
}

/* What is added to the position stays apart: the pixels as an offset that is a constant, images and blocks as one address for
 * all of a tile's vectors. */
static struct address blocked_address(struct kernel_build *k, struct address p,
                                      const struct shape *s, const struct position *result)
{
    struct ir *ir = k->ir;
    const struct position at = broadcast(k, s, result);
    bool channels = k->blocks && !one_channel(k, s), places = k->pixels && !one_pixel(k, s);
    LLVMValueRef in_image = channels ? k->blocks : ir_i64(ir, blocks(s->dim[1]));
    LLVMValueRef in_block = places ? k->pixels : ir_i64(ir, pixels(s));
    LLVMValueRef group = group_at(ir, at.image, at.block, at.pixel, in_image, in_block);
    LLVMValueRef added = group_at(ir, ir_i64(ir, at.image_add), ir_i64(ir, at.block_add),
                                  ir_i64(ir, 0), in_image, in_block);
    p = ir_at(ir, add_lane(ir, p, &at), ir_mul_const(ir, group, FTMRT_CB));
    if (at.image_add || at.block_add)
        p = ir_at(ir, p, ir_mul_const(ir, added, FTMRT_CB));
    return ir_at_const(ir, p, at.pixel_add * FTMRT_CB + (int64_t)at.part * ir->cpu->lanes);
}

struct address epilogue_address(struct kernel_build *k, uint32_t buffer, const struct position *at,
                                uint32_t row)
{
    const struct node *n = k->node;
    const struct node *v = buffer < n->input_count ? graph_node(k->graph, n->inputs[buffer]) : n;
    const struct shape *s = &v->type.shape;
    if (v->form.layout == FTMRT_LAYOUT_BLOCKED)
        return blocked_address(k, k->buffer[buffer], s, at);
    return vector_address(k, k->buffer[buffer], s, at, row);
}

/* Operands of an element-wise sweep over activations that are the same for all pixels: with their
 * loads, square roots and divisions leave the loop over the pixels. Convolutions keep theirs where
 * they are: the registers hold accumulators. */
static bool leaves_loops(const struct kernel_build *k, const struct node *operand)
{
    bool same = operand->form.layout == FTMRT_LAYOUT_BLOCKED && !one_pixel(k, &operand->type.shape);
    return op_info(k->node->op)->cls == OP_CLASS_ELEMWISE &&
           k->node->form.layout == FTMRT_LAYOUT_BLOCKED && !same;
}

/* The label of the place, an i32 in every lane. */
static LLVMValueRef label_index(struct kernel_build *k, struct address labels,
                                const struct position *at)
{
    struct ir *ir = k->ir;
    const int64_t map = pixels(graph_shape(k->graph, k->node->inputs[0]));
    LLVMValueRef place = ir_add_const(ir, at->image, at->image_add);
    if (k->any_size)
        place = ir_add(ir, ir_mul(ir, place, k->size[SIZE_PIXELS]), at->pixel);
    else if (map > 1)
        place =
            ir_add(ir, ir_mul_const(ir, place, map), ir_add_const(ir, at->pixel, at->pixel_add));
    return vmath_splat_i32(ir, ir_load_int(ir, ir_at(ir, labels, place)));
}

/* The channel of the first lane at a position, as i64. */
static LLVMValueRef first_channel(struct ir *ir, const struct position *at)
{
    LLVMValueRef first = ir_mul_const(ir, ir_add_const(ir, at->block, at->block_add), FTMRT_CB);
    first = ir_add_const(ir, first, (int64_t)at->part * ir->cpu->lanes);
    return at->lane ? ir_add(ir, first, at->lane) : first;
}

/* 1 in the lane of the label's class, 0 in the others. */
static LLVMValueRef label_lanes(struct kernel_build *k, struct address labels,
                                const struct position *at)
{
    struct ir *ir = k->ir;
    LLVMValueRef label = label_index(k, labels, at);
    LLVMValueRef first =
        vmath_splat_i32(ir, LLVMBuildTrunc(ir->b, first_channel(ir, at), ir->i32, ""));
    LLVMValueRef index = LLVMBuildAdd(ir->b, first, vmath_iota(ir), "");
    LLVMValueRef hit = LLVMBuildICmp(ir->b, LLVMIntEQ, index, label, "");
    return LLVMBuildSelect(ir->b, hit, ir_vec_const(ir, 1), ir_vec_const(ir, 0), "");
}

/* The buffer of an operand that is in memory. */
static uint32_t operand_buffer(const struct expression *x, uint32_t i)
{
    return x->first + i - (x->so_far ? 1 : 0);
}

static emit_value build_kept(struct emit *e, uint32_t i, int64_t ignored)
{
    struct expression *x = of(e);
    struct ir *ir = x->k->ir;
    const uint32_t buffer = operand_buffer(x, i);
    if (graph_node(x->k->graph, x->k->node->inputs[buffer])->type.dtype != FTMRT_I32)
        return lanes_wrap(ir_vec_const(ir, 1));
    LLVMValueRef index = vmath_splat_i32(ir, LLVMConstInt(ir->i32, (uint64_t)ignored, true));
    LLVMValueRef label = label_index(x->k, x->k->buffer[buffer], x->at);
    LLVMValueRef hit = LLVMBuildICmp(ir->b, LLVMIntEQ, label, index, "");
    return lanes_wrap(LLVMBuildSelect(ir->b, hit, ir_vec_const(ir, 0), ir_vec_const(ir, 1), ""));
}

static emit_value build_in(struct emit *e, uint32_t i, uint32_t row)
{
    struct expression *x = of(e);
    struct kernel_build *k = x->k;
    if (x->so_far && i == 0)
        return lanes_wrap(x->so_far);
    uint32_t buffer = operand_buffer(x, i);
    const struct node *v = graph_node(k->graph, k->node->inputs[buffer]);
    LLVMValueRef immediate = kernel_immediate(k, buffer);
    if (immediate)
        return lanes_wrap(immediate);
    if (v->type.dtype == FTMRT_I32)
        return lanes_wrap(label_lanes(k, k->buffer[buffer], x->at));
    bool number = v->type.shape.rank == 0, scalar = number || one_channel(k, &v->type.shape);
    struct address a = number ? k->buffer[buffer] : epilogue_address(k, buffer, x->at, row);
    if (leaves_loops(k, v))
        a = ir_unchanging(a);
    return lanes_wrap(scalar ? ir_splat(k->ir, ir_load_f32(k->ir, a)) : ir_load_vec(k->ir, a));
}

static const struct shape *counted_shape(const struct expression *x)
{
    return value_valid(x->counted) ? graph_shape(x->k->graph, x->counted) : &x->k->node->type.shape;
}

/* The images of the whole step times the pixels of a value and a number of channels. */
static LLVMValueRef times_pixels(const struct expression *x, int64_t channels)
{
    struct kernel_build *k = x->k;
    if (k->any_size)
        return ir_mul(k->ir, k->step_images, k->size[SIZE_PIXELS]);
    return ir_mul_const(k->ir, k->step_images, pixels(counted_shape(x)) * channels);
}

/* A number, as f32 in every lane. */
static emit_value spread_count(struct ir *ir, LLVMValueRef count)
{
    return lanes_wrap(ir_splat(ir, LLVMBuildSIToFP(ir->b, count, ir->f32, "")));
}

static emit_value build_count(struct emit *e)
{
    return spread_count(of(e)->k->ir, times_pixels(of(e), 1));
}

static emit_value build_size(struct emit *e)
{
    const struct kernel_build *k = of(e)->k;
    LLVMValueRef size = times_pixels(of(e), counted_shape(of(e))->dim[1]);
    return spread_count(k->ir, k->any_size ? ir_mul(k->ir, size, k->size[SIZE_CHANNELS]) : size);
}

/* From one channel of a sample to the next, in places. */
static LLVMValueRef channel_places(const struct expression *x, enum draw_for draw_for)
{
    const struct kernel_build *k = x->k;
    if (draw_for != DRAW_FOR_ELEMENT)
        return ir_i64(k->ir, 1);
    return k->any_size ? k->size[SIZE_PIXELS] : ir_i64(k->ir, pixels(&k->node->type.shape));
}

/* The places that a vector of the result has in its sample, as i32: of its elements, or of their channels. */
static LLVMValueRef places(const struct expression *x, enum draw_for draw_for)
{
    struct ir *ir = x->k->ir;
    LLVMValueRef channel = channel_places(x, draw_for);
    LLVMValueRef first = ir_mul(ir, first_channel(ir, x->at), channel);
    if (draw_for == DRAW_FOR_ELEMENT)
        first = ir_add(ir, first, ir_add_const(ir, x->at->pixel, x->at->pixel_add));
    first = vmath_splat_i32(ir, LLVMBuildTrunc(ir->b, first, ir->i32, ""));
    LLVMValueRef stride = vmath_splat_i32(ir, LLVMBuildTrunc(ir->b, channel, ir->i32, ""));
    return LLVMBuildAdd(ir->b, first, LLVMBuildMul(ir->b, vmath_iota(ir), stride, ""), "");
}

static emit_value build_uniform(struct emit *e, int64_t layer, enum draw_for draw_for)
{
    struct expression *x = of(e);
    struct kernel_build *k = x->k;
    struct ir *ir = k->ir;
    LLVMValueRef image =
        ir_add_const(ir, ir_add(ir, k->first_image, x->at->image), x->at->image_add);
    LLVMValueRef place =
        draw_for == DRAW_FOR_IMAGE ? LLVMConstInt(ir->i32, 0, false) : places(x, draw_for);
    const struct random_keys keys = {k->seed, k->step, image, kernel_number(k, draw_use(layer)),
                                     place};
    LLVMValueRef u = random_uniform(ir, &keys);
    return lanes_wrap(draw_for == DRAW_FOR_IMAGE ? ir_splat(ir, u) : u);
}

static const struct emit_builder builder = {
    .in = build_in,
    .count = build_count,
    .size = build_size,
    .constant = build_constant,
    .kept = build_kept,
    .uniform = build_uniform,
#define FTM_EMIT(name, operands, value, meaning) .name = build_##name,
#include "emit.def"
#undef FTM_EMIT
};

LLVMValueRef epilogue_value(struct kernel_build *k, const struct position *at)
{
    struct expression x = {
        .lanes = {{&builder}, k->ir}, .k = k, .at = at, .counted = k->node->inputs[0]};
    return lanes_llvm(op_emit(k->node->op)(&x.lanes.emit, k->node->attrs));
}

void epilogue_store(struct kernel_build *k, LLVMValueRef value, const struct position *at)
{
    const struct node *n = k->node;
    struct expression x = {.lanes = {{&builder}, k->ir},
                           .k = k,
                           .at = at,
                           .first = node_anchor_inputs(n),
                           .counted = VALUE_NONE};
    for (uint32_t i = 0; i < n->step_count; i++) {
        x.so_far = value;
        value = lanes_llvm(op_emit(n->steps[i].op)(&x.lanes.emit, n->steps[i].attrs));
        x.first += n->steps[i].extra;
    }
    if (padding_masked(k->graph, n))
        value = mask_padding(k, value, at);
    ir_store_vec(k->ir, value, epilogue_address(k, n->input_count, at, 0));
}
