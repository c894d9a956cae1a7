/* The gradient of one operand of concat: a run of the channels of dy. A unit is an image. */
#include "channel_run.h"

static void emit(struct kernel_build *k)
{
    struct ir *ir = k->ir;
    struct geometry in = geometry_of(k->graph, k->node->inputs[0]),
                    out = geometry_of_shape(&k->node->type.shape);
    struct unit_loop u = unit_loop_begin(k, 1);
    const struct channel_run r = {
        .in = &in,
        .out = &out,
        .x = channel_run_image(ir, &in, kernel_buffer(k, 0), u.image),
        .y = channel_run_image(ir, &out, kernel_result(k), u.image),
        .from = k->node->attrs->first,
        .channels = out.channels,
    };
    channel_run_copy(ir, &r);
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_concat_grad = {
    .name = "concat_grad", .phases = one_phase, .units = units_of_images, .emit = emit};
