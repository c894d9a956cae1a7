/* Grouped convolutions of any number of groups, and their gradients: lanes are channels of the result,
 * and each gathers the channel that its group reads. Groups of whole blocks have a faster kernel
 * (kernel_conv2d.c), as have groups of one channel (kernel_depthwise.c).
 *
 * A unit is an (image, channel block), or of the weight's gradient a (shard, block of output
 * channels). An output adds its channels in order, and of a channel the taps in row-major order. */
#include "geometry.h"
#include "kernel_conv.h"
#include "kernel_conv_shards.h"
#include "mask.h"
#include "vmath.h"

enum { CB = FTMRT_CB };

struct grouped {
    struct kernel_build *k;
    struct ir *ir;
    struct gather q;
    int64_t in_group, out_group; /* channels of a group: of the operand, of the result */
    LLVMValueRef x;              /* the image of the operand */
    LLVMValueRef channel;        /* vector of i32: the lanes' channels of the result */
    LLVMValueRef acc;
    struct position at;
};

/* ---- vectors of indices ---- */

static LLVMValueRef index_const(struct ir *ir, int64_t v)
{
    return vmath_splat_i32(ir, LLVMConstInt(ir->i32, (unsigned long long)v, false));
}

static LLVMValueRef index_splat(struct ir *ir, LLVMValueRef i)
{
    return vmath_splat_i32(ir, LLVMBuildTrunc(ir->b, i, ir->i32, ""));
}

static LLVMValueRef index_div(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return LLVMBuildUDiv(ir->b, a, index_const(ir, b), "");
}

static LLVMValueRef index_rem(struct ir *ir, LLVMValueRef a, int64_t b)
{
    return LLVMBuildURem(ir->b, a, index_const(ir, b), "");
}

/* a * b + c. */
static LLVMValueRef index_add(struct ir *ir, LLVMValueRef a, int64_t b, LLVMValueRef c)
{
    return LLVMBuildAdd(ir->b, LLVMBuildMul(ir->b, a, index_const(ir, b), ""), c, "");
}

/* The floats at base + the lanes' offsets. */
static LLVMValueRef gather_lanes(struct ir *ir, LLVMValueRef base, LLVMValueRef offsets)
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
static LLVMValueRef lane_channels(struct ir *ir, LLVMValueRef first, int64_t channels)
{
    LLVMValueRef c = LLVMBuildAdd(ir->b, index_splat(ir, first), vmath_iota(ir), "");
    LLVMValueRef last = index_const(ir, channels - 1);
    LLVMValueRef past = LLVMBuildICmp(ir->b, LLVMIntUGT, c, last, "");
    return LLVMBuildSelect(ir->b, past, last, c, "");
}

/* The operand's values at a pixel, for the channel `r` of the lanes' groups. */
static LLVMValueRef group_values(struct grouped *s, LLVMValueRef r, LLVMValueRef pixel)
{
    struct ir *ir = s->ir;
    LLVMValueRef group = index_div(ir, s->channel, s->out_group);
    LLVMValueRef c = index_add(ir, group, s->in_group, index_splat(ir, r));
    int64_t block = s->q.in[0] * s->q.in[1] * CB;
    LLVMValueRef offset = index_add(ir, index_div(ir, c, CB), block, index_rem(ir, c, CB));
    return gather_lanes(ir, ir_at(ir, s->x, ir_mul_const(ir, pixel, CB)), offset);
}

/* ---- forward, and the gradient to the input ---- */

/* Forward a lane is an output channel: its weights for input r lie side by side with the other lanes'.
 * Backward it is an input channel of its group, and r counts the group's outputs. */
static LLVMValueRef weights_of(struct grouped *s, LLVMValueRef r, LLVMValueRef tap)
{
    struct ir *ir = s->ir;
    int64_t taps = s->q.kernel[0] * s->q.kernel[1];
    int64_t inputs = s->q.backward ? s->out_group : s->in_group;
    int64_t block = ceil_div(inputs, CB) * taps * CB * CB;
    LLVMValueRef o = s->channel, i = index_splat(ir, r);
    if (s->q.backward) {
        o = index_add(ir, index_div(ir, s->channel, s->out_group), s->in_group, i);
        i = index_rem(ir, s->channel, s->out_group);
    }
    LLVMValueRef offset = index_add(ir, index_div(ir, o, CB), block, index_rem(ir, o, CB));
    offset = index_add(ir, index_div(ir, i, CB), taps * CB * CB, offset);
    offset = index_add(ir, index_rem(ir, i, CB), CB, offset);
    LLVMValueRef base = ir_at(ir, kernel_buffer(s->k, 1), ir_mul_const(ir, tap, (int64_t)CB * CB));
    return gather_lanes(ir, base, offset);
}

static LLVMValueRef tap_index(struct ir *ir, const struct gather_row *row, LLVMValueRef t)
{
    return ir_add(ir, row->tap0, ir_mul_const(ir, t, row->tap_step));
}

static LLVMValueRef input_index(struct ir *ir, const struct gather_row *row, LLVMValueRef t)
{
    return ir_add(ir, row->base, ir_mul_const(ir, t, row->off_step));
}

/* All taps of an output for the channel r of its group. */
static void add_taps(struct grouped *s, const struct gather_row *row,
                     const struct gather_row *column, LLVMValueRef r)
{
    struct ir *ir = s->ir;
    struct ir_loop p = ir_loop_begin(ir, row->lo, row->hi, 1);
    struct ir_loop q = ir_loop_begin(ir, column->lo, column->hi, 1);
    LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, input_index(ir, row, p.i), s->q.in[1]),
                                input_index(ir, column, q.i));
    LLVMValueRef tap = ir_add(ir, ir_mul_const(ir, tap_index(ir, row, p.i), s->q.kernel[1]),
                              tap_index(ir, column, q.i));
    LLVMValueRef acc = ir_get(ir, ir->vec, s->acc);
    ir_set(ir, s->acc, ir_fma(ir, group_values(s, r, pixel), weights_of(s, r, tap), acc));
    ir_loop_end(ir, &q);
    ir_loop_end(ir, &p);
}

static void emit_map(struct grouped *s)
{
    struct ir *ir = s->ir;
    struct ir_loop i = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s->q.out[0]), 1);
    struct ir_loop j = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s->q.out[1]), 1);
    struct gather_row row = gather_row(ir, &s->q, 0, i.i), column = gather_row(ir, &s->q, 1, j.i);
    ir_set(ir, s->acc, ir_vec_const(ir, 0));
    struct ir_loop r = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, s->in_group), 1);
    add_taps(s, &row, &column, r.i);
    ir_loop_end(ir, &r);
    s->at.pixel = ir_add(ir, ir_mul_const(ir, i.i, s->q.out[1]), j.i);
    LLVMValueRef sum = mask_padding(s->k, ir_get(ir, ir->vec, s->acc), &s->at);
    epilogue_store(s->k, sum, &s->at);
    ir_loop_end(ir, &j);
    ir_loop_end(ir, &i);
}

static struct grouped grouped_of(struct kernel_build *k)
{
    struct grouped s = {.k = k, .ir = k->ir, .q = gather_of(k->graph, k->node)};
    s.in_group = s.q.in_channels / k->node->attrs->groups;
    s.out_group = s.q.out_channels / k->node->attrs->groups;
    s.acc = ir_local(k->ir, k->ir->vec);
    return s;
}

static LLVMValueRef first_lane(struct ir *ir, LLVMValueRef block, uint32_t part)
{
    return ir_add_const(ir, ir_mul_const(ir, block, CB), (int64_t)part * ir->cpu->lanes);
}

static void emit(struct kernel_build *k)
{
    struct grouped s = grouped_of(k);
    struct ir *ir = k->ir;
    int64_t image = ceil_div(s.q.in_channels, CB) * s.q.in[0] * s.q.in[1] * CB;
    struct unit_loop u = unit_loop_begin(k, ceil_div(s.q.out_channels, CB));
    s.x = ir_at(ir, kernel_buffer(k, 0), ir_mul_const(ir, u.image, image));
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        s.at = (struct position){.image = u.image, .block = u.block, .part = part};
        s.channel = lane_channels(ir, first_lane(ir, u.block, part), s.q.out_channels);
        emit_map(&s);
    }
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_grouped = {
    .name = "grouped", .phases = one_phase, .units = units_of_result, .emit = emit};

/* ---- the gradient of the weight ---- */

/* One image's part of a tap: the outputs whose tap lies inside the map. dy: the lanes' slice. */
static void add_outputs(struct grouped *s, const int64_t out[2], const LLVMValueRef tap[2],
                        LLVMValueRef r, LLVMValueRef dy)
{
    struct ir *ir = s->ir;
    const struct attrs *a = s->k->node->attrs;
    struct ir_loop loop[2];
    LLVMValueRef in[2], inside = NULL;
    for (int d = 0; d < 2; d++) {
        loop[d] = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, out[d]), 1);
        in[d] = ir_add(ir, ir_mul_const(ir, loop[d].i, a->stride[d]),
                       ir_mul_const(ir, tap[d], a->dilation[d]));
        in[d] = ir_add_const(ir, in[d], -a->padding[d]);
    }
    for (int d = 0; d < 2; d++) { /* unsigned: a negative index is past the end, too */
        LLVMValueRef below = LLVMBuildICmp(ir->b, LLVMIntULT, in[d], ir_i64(ir, s->q.in[d]), "");
        inside = inside ? LLVMBuildAnd(ir->b, inside, below, "") : below;
    }
    struct ir_if exists = ir_if_begin(ir, inside);
    LLVMValueRef x = group_values(s, r, ir_add(ir, ir_mul_const(ir, in[0], s->q.in[1]), in[1]));
    LLVMValueRef pixel = ir_add(ir, ir_mul_const(ir, loop[0].i, out[1]), loop[1].i);
    LLVMValueRef g = ir_load_vec(ir, geometry_pixel(ir, dy, pixel, s->at.part));
    ir_set(ir, s->acc, ir_fma(ir, x, g, ir_get(ir, ir->vec, s->acc)));
    ir_if_end(ir, &exists);
    ir_loop_end(ir, &loop[1]);
    ir_loop_end(ir, &loop[0]);
}

/* A weight's gradient over the images of a shard, for a vector of output channels; to: its group of 16
 * floats in the shard's result. */
static void emit_weight(struct grouped *s, LLVMValueRef shard, const LLVMValueRef tap[2],
                        LLVMValueRef r, LLVMValueRef to)
{
    struct ir *ir = s->ir;
    struct geometry x = geometry_of(s->k->graph, s->k->node->inputs[0]),
                    dy = geometry_of(s->k->graph, s->k->node->inputs[1]);
    const int64_t out[2] = {dy.height, dy.width};
    LLVMValueRef lo, hi;
    kernel_shard(s->k, shard, &lo, &hi);
    ir_set(ir, s->acc, ir_vec_const(ir, 0));
    struct ir_loop images = ir_loop_begin(ir, lo, hi, 1);
    s->x = geometry_slice(ir, &x, kernel_buffer(s->k, 0), images.i, ir_i64(ir, 0));
    add_outputs(s, out, tap, r,
                geometry_slice(ir, &dy, kernel_buffer(s->k, 1), images.i, s->at.image));
    ir_loop_end(ir, &images);
    LLVMValueRef sum = mask_padding(s->k, ir_get(ir, ir->vec, s->acc), &s->at);
    ir_store_vec(ir, sum, ir_at_const(ir, to, (int64_t)s->at.part * ir->cpu->lanes));
}

/* All inputs (rounded up to whole blocks: the rest is masked) and taps of a block of output channels. */
static void emit_weights(struct grouped *s, LLVMValueRef shard, LLVMValueRef block)
{
    struct ir *ir = s->ir;
    const int64_t *kernel = s->k->node->attrs->kernel, taps = kernel[0] * kernel[1];
    int64_t inputs = ceil_div(s->in_group, CB) * CB;
    LLVMValueRef result =
        ir_at(ir, kernel_scratch(s->k), ir_mul_const(ir, shard, conv_result_floats(s->k->node)));
    struct ir_loop r = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, inputs), 1);
    struct ir_loop t = ir_loop_begin(ir, ir_i64(ir, 0), ir_i64(ir, taps), 1);
    const LLVMValueRef tap[2] = {ir_div_const(ir, t.i, kernel[1]),
                                 ir_rem_const(ir, t.i, kernel[1])};
    LLVMValueRef row = ir_min(ir, r.i, ir_i64(ir, s->in_group - 1));
    LLVMValueRef group =
        ir_add(ir, ir_mul_const(ir, block, inputs / CB), ir_div_const(ir, r.i, CB));
    group = ir_add(ir, ir_mul_const(ir, group, taps), t.i);
    group = ir_add(ir, ir_mul_const(ir, group, CB), ir_rem_const(ir, r.i, CB));
    s->at.block = group;
    emit_weight(s, shard, tap, row, ir_at(ir, result, ir_mul_const(ir, group, CB)));
    ir_loop_end(ir, &t);
    ir_loop_end(ir, &r);
}

static struct grouped weight_of(struct kernel_build *k)
{
    const struct shape *x = graph_shape(k->graph, k->node->inputs[0]),
                       *dy = graph_shape(k->graph, k->node->inputs[1]);
    struct grouped s = {.k = k, .ir = k->ir};
    s.q.in_channels = x->dim[1];
    s.q.out_channels = dy->dim[1];
    s.q.in[0] = x->dim[2];
    s.q.in[1] = x->dim[3];
    s.in_group = x->dim[1] / k->node->attrs->groups;
    s.out_group = dy->dim[1] / k->node->attrs->groups;
    s.acc = ir_local(k->ir, k->ir->vec);
    return s;
}

static void emit_grad_weight(struct kernel_build *k)
{
    if (k->phase == 1) {
        conv_combine_shards(k, conv_result_floats(k->node));
        return;
    }
    struct grouped s = weight_of(k);
    struct unit_loop u =
        unit_loop_begin(k, ceil_div(s.q.out_channels, CB)); /* its image: the shard */
    for (uint32_t part = 0; part < geometry_parts(k->ir); part++) {
        s.at = (struct position){.image = u.block, .part = part};
        s.channel = lane_channels(k->ir, first_lane(k->ir, u.block, part), s.q.out_channels);
        emit_weights(&s, u.image, u.block);
    }
    unit_loop_end(k, &u);
}

static struct kernel_units grad_weight_units_of(const struct graph *g, const struct node *n,
                                                const struct cpu *cpu, uint32_t phase)
{
    (void)cpu;
    if (phase == 1)
        return conv_combine_units(conv_result_floats(n));
    int64_t blocks = ceil_div(n->type.shape.dim[0], CB);
    return (struct kernel_units){.fixed = blocks * g->program->shards, .images = 1};
}

const struct kernel_family kernel_grouped_grad_weight = {.name = "grouped_grad_weight",
                                                         .phases = two_phases,
                                                         .units = grad_weight_units_of,
                                                         .emit = emit_grad_weight};
