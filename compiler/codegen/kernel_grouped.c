/* Grouped convolutions of any number of groups, and their gradients to the input (group_lanes.h). Groups of
 * whole blocks have a faster kernel (kernel_conv2d.c), as have groups that lie within a block (block_groups.h), of one
 * channel or of several.
 *
 * Else a unit is an (image, channel block). An output adds its channels in order, and of a channel the taps in
 * row-major order. */
#include "block_groups.h"
#include "group_lanes.h"
#include "kernel_conv.h"
#include "mask.h"
#include "rounding.h"

enum { CB = FTMRT_CB };

/* Forward a lane is an output channel: its weights for input r lie side by side with the other lanes'.
 * Backward it is an input channel of its group, and r counts the group's outputs. */
static LLVMValueRef weights_of(struct grouped *s, LLVMValueRef r, LLVMValueRef tap)
{
    struct ir *ir = s->ir;
    int64_t taps = s->q.kernel[0] * s->q.kernel[1];
    int64_t inputs = s->q.backward ? s->out_group : s->in_group;
    int64_t block = ceil_div(inputs, CB) * taps * CB * CB;
    LLVMValueRef o = s->channel, i = group_index_splat(ir, r);
    if (s->q.backward) {
        o = group_index_add(ir, group_index_div(ir, s->channel, s->out_group), s->in_group, i);
        i = group_index_rem(ir, s->channel, s->out_group);
    }
    LLVMValueRef offset =
        group_index_add(ir, group_index_div(ir, o, CB), block, group_index_rem(ir, o, CB));
    offset = group_index_add(ir, group_index_div(ir, i, CB), taps * CB * CB, offset);
    offset = group_index_add(ir, group_index_rem(ir, i, CB), CB, offset);
    struct address base =
        ir_at(ir, kernel_buffer(s->k, 1), ir_mul_const(ir, tap, (int64_t)CB * CB));
    return group_gather(ir, base, offset);
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
    struct gather_row row = gather_row(ir, &s->q, 0, ir_i64(ir, s->q.in[0]), i.i),
                      column = gather_row(ir, &s->q, 1, ir_i64(ir, s->q.in[1]), j.i);
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

/* Channels of a group that lies within a block, or 0. */
static int64_t block_group_of(const struct graph *g, const struct node *n)
{
    struct gather q = gather_of(g, n);
    return block_groups_size(q.in_channels, q.out_channels, n->attrs->groups,
                             q.kernel[0] * q.kernel[1]);
}

static struct kernel_units units(const struct graph *g, const struct node *n, const struct cpu *cpu,
                                 uint32_t phase)
{
    return block_group_of(g, n) ? block_groups_units(g, n) : units_of_result(g, n, cpu, phase);
}

static void emit(struct kernel_build *k)
{
    const int64_t group = block_group_of(k->graph, k->node);
    if (group) {
        block_groups_convolve(k, group);
        return;
    }
    struct grouped s = grouped_of(k);
    struct ir *ir = k->ir;
    int64_t image = ceil_div(s.q.in_channels, CB) * s.q.in[0] * s.q.in[1] * CB;
    struct unit_loop u = unit_loop_begin(k, ceil_div(s.q.out_channels, CB));
    s.x = ir_at(ir, kernel_buffer(k, 0), ir_mul_const(ir, u.image, image));
    for (uint32_t part = 0; part < geometry_parts(ir); part++) {
        s.at = (struct position){.image = u.image, .block = u.block, .part = part};
        s.channel = group_channels(ir, group_first_lane(ir, u.block, part), s.q.out_channels);
        emit_map(&s);
    }
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_grouped = {
    .name = "grouped", .phases = one_phase, .units = units, .emit = emit};
