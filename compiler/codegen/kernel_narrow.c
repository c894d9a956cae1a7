/* narrow: a run of the channels, rows or columns. Along the channels a unit is an image, along rows or columns an (image, channel
 * block). */
#include "channel_run.h"
#include "map_region.h"

static void emit_channels(struct kernel_build *k, const struct geometry *in,
                          const struct geometry *out)
{
    struct unit_loop u = unit_loop_begin(k, 1);
    const struct channel_run r = {
        .in = in,
        .out = out,
        .x = channel_run_image(k, in, kernel_buffer(k, 0), u.image),
        .y = channel_run_image(k, out, kernel_result(k), u.image),
        .from = k->node->attrs->start,
        .channels = out->channels,
    };
    channel_run_copy(k, &r);
    unit_loop_end(k, &u);
}

static void emit_places(struct kernel_build *k, const struct geometry *in,
                        const struct geometry *out)
{
    struct ir *ir = k->ir;
    const struct attrs *a = k->node->attrs;
    struct unit_loop u = unit_loop_begin(k, out->blocks);
    const struct map_region r = {
        .in = in,
        .out = out,
        .x = geometry_slice(ir, in, kernel_buffer(k, 0), u.image, u.block),
        .y = geometry_slice(ir, out, kernel_result(k), u.image, u.block),
        .from = map_region_pixel(in, a->dim, a->start),
        .rows = out->height,
        .columns = out->width,
    };
    map_region_copy(k, &r);
    unit_loop_end(k, &u);
}

static void emit(struct kernel_build *k)
{
    const struct geometry in = geometry_of(k->graph, k->node->inputs[0]),
                          out = geometry_of_shape(&k->node->type.shape);
    if (k->node->attrs->dim == 1)
        emit_channels(k, &in, &out);
    else
        emit_places(k, &in, &out);
}

const struct kernel_family kernel_narrow = {
    .name = "narrow", .phases = one_phase, .units = units_along_dim, .emit = emit};
