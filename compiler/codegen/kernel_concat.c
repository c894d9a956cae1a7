/* concat: the operands' channels behind each other. A unit is an image; an operand may be a constant. */
#include "channel_run.h"

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct geometry out = geometry_of_shape(&k->node->type.shape);
    struct unit_loop u = unit_loop_begin(k, 1);
    struct channel_run r = {.out = &out,
                            .y = channel_run_image(ir, &out, kernel_result(k), u.image)};
    for (uint32_t i = 0; i < k->node->input_count; i++) {
        const struct node *x = graph_node(k->graph, k->node->inputs[i]);
        struct geometry in = geometry_of_shape(&x->type.shape);
        bool constant = x->op == OP_constant;
        r.in = &in;
        r.x = constant ? ADDRESS_NONE : channel_run_image(ir, &in, kernel_buffer(k, i), u.image);
        r.value = constant ? x->attrs->value : 0;
        r.channels = in.channels;
        channel_run_copy(ir, &r);
        r.to += in.channels;
    }
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_concat = {
    .name = "concat", .phases = one_phase, .units = units_of_images, .emit = emit};
