/* concat: the operands behind each other, each of which may be a constant. Along the channels a unit is an image, along rows or
 * columns an (image, channel block). */
#include "channel_run.h"
#include "map_region.h"

static void emit_channels(struct kernel_build *k)
{
    struct geometry out = geometry_of_shape(&k->node->type.shape);
    struct unit_loop u = unit_loop_begin(k, 1);
    struct channel_run r = {.out = &out,
                            .y = channel_run_image(k, &out, kernel_result(k), u.image)};
    for (uint32_t i = 0; i < k->node->input_count; i++) {
        const struct node *x = graph_node(k->graph, k->node->inputs[i]);
        struct geometry in = geometry_of_shape(&x->type.shape);
        bool constant = x->op == OP_constant;
        r.in = &in;
        r.x = constant ? ADDRESS_NONE : channel_run_image(k, &in, kernel_buffer(k, i), u.image);
        r.value = constant ? x->attrs->value : 0;
        r.channels = in.channels;
        channel_run_copy(k, &r);
        r.to += in.channels;
    }
    unit_loop_end(k, &u);
}

static void emit_places(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    const int64_t dim = k->node->attrs->dim;
    struct geometry out = geometry_of_shape(&k->node->type.shape);
    struct unit_loop u = unit_loop_begin(k, out.blocks);
    struct map_region r = {.out = &out,
                           .block = u.block,
                           .y = geometry_slice(ir, &out, kernel_result(k), u.image, u.block)};
    for (uint32_t i = 0; i < k->node->input_count; i++) {
        const struct node *x = graph_node(k->graph, k->node->inputs[i]);
        struct geometry in = geometry_of_shape(&x->type.shape);
        bool constant = x->op == OP_constant;
        r.in = &in;
        r.x = constant ? ADDRESS_NONE
                       : geometry_slice(ir, &in, kernel_buffer(k, i), u.image, u.block);
        r.value = constant ? x->attrs->value : 0;
        r.rows = in.height;
        r.columns = in.width;
        map_region_copy(k, &r);
        r.to += map_region_pixel(&out, dim, dim == 2 ? in.height : in.width);
    }
    unit_loop_end(k, &u);
}

static void emit(struct kernel_build *k)
{
    if (k->node->attrs->dim == 1)
        emit_channels(k);
    else
        emit_places(k);
}

const struct kernel_family kernel_concat = {
    .name = "concat", .phases = one_phase, .units = units_along_dim, .emit = emit};
