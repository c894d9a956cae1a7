/* The gradient of the weight of grouped convolutions of any number of groups (group_lanes.h); of those that lie within a
 * block: block_groups.h.
 *
 * A unit is a (shard, block of output channels); the shards are added afterwards. */
#include "block_groups.h"
#include "group_lanes.h"
#include "kernel_conv_shards.h"
#include "mask.h"
#include "rounding.h"

enum { CB = FTMRT_CB };

/* One image's part of a tap: the outputs whose tap lies inside the map. dy: the lanes' slice. */
static void add_outputs(struct grouped *s, const int64_t out[2], const LLVMValueRef tap[2],
                        LLVMValueRef r, struct address dy)
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
 * elements in the shard's result. */
static void emit_weight(struct grouped *s, LLVMValueRef shard, const LLVMValueRef tap[2],
                        LLVMValueRef r, struct address to)
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
    struct address result =
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

static void emit(struct kernel_build *k)
{
    const struct attrs *a = k->node->attrs;
    const int64_t group =
        block_groups_size(graph_shape(k->graph, k->node->inputs[0])->dim[1],
                          k->node->type.shape.dim[0], a->groups, a->kernel[0] * a->kernel[1]);
    if (group) {
        block_groups_grad_weight(k, group);
        return;
    }
    if (k->phase == 1) {
        conv_combine_shards(k, conv_result_floats(k->node));
        return;
    }
    struct grouped s = weight_of(k);
    struct unit_loop u =
        unit_loop_begin(k, ceil_div(s.q.out_channels, CB)); /* its image: the shard */
    for (uint32_t part = 0; part < geometry_parts(k->ir); part++) {
        s.at = (struct position){.image = u.block, .part = part};
        s.channel = group_channels(k->ir, group_first_lane(k->ir, u.block, part), s.q.out_channels);
        emit_weights(&s, u.image, u.block);
    }
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_grouped_grad_weight = {
    .name = "grouped_grad_weight", .phases = two_phases, .units = conv_shard_units, .emit = emit};
