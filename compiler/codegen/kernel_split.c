/* split: each run of channels becomes a value of its own. A unit is an image. */
#include "channel_run.h"
#include "form_usual.h"
#include "query.h"

/* The address of one of the node's results. */
static struct address result_part(struct kernel_build *k, uint32_t part)
{
    uint64_t offset =
        form_part_offset(k->graph, k->node, part) / ftmrt_dtype_size(k->node->form.stored);
    return ir_at_const(k->ir, kernel_result(k), (int64_t)offset);
}

static void emit(struct kernel_build *k)
{
    struct geometry in = geometry_of(k->graph, k->node->inputs[0]);
    struct unit_loop u = unit_loop_begin(k, 1);
    struct channel_run r = {.in = &in,
                            .x = channel_run_image(k, &in, kernel_buffer(k, 0), u.image)};
    uint32_t parts = node_parts(k->graph, k->node);
    for (uint32_t i = 0; i < parts; i++) {
        const struct type type = node_part(k->graph, k->node, i);
        struct geometry out = geometry_of_shape(&type.shape);
        r.out = &out;
        r.y = channel_run_image(k, &out, result_part(k, i), u.image);
        r.channels = out.channels;
        channel_run_copy(k, &r);
        r.from += out.channels;
    }
    unit_loop_end(k, &u);
}

const struct kernel_family kernel_split = {
    .name = "split", .phases = one_phase, .units = units_of_images, .emit = emit};
