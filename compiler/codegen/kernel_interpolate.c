/* interpolate and its gradient. */
#include "resample_map.h"

static void emit_axes(struct kernel_build *k, bool backward)
{
    const struct shape *in = graph_shape(k->graph, k->node->inputs[0]), *out = &k->node->type.shape,
                       *x = backward ? out : in, *y = backward ? in : out;
    struct resample_axis axes[2];
    struct arena arena;
    arena_init(&arena, "interpolate");
    for (int i = 0; i < 2; i++) {
        axes[i] = interpolate_axis(&arena, k->node->attrs, i, x->dim[2 + i], y->dim[2 + i]);
        if (backward)
            axes[i] = resample_turned(&arena, &axes[i]);
    }
    resample_map(k, &axes[0], &axes[1], 0);
    arena_clear(&arena);
}

static void emit_interpolate(struct kernel_build *k) { emit_axes(k, false); }

static void emit_interpolate_grad(struct kernel_build *k) { emit_axes(k, true); }

const struct kernel_family kernel_interpolate = {
    .name = "interpolate", .phases = one_phase, .units = units_of_result, .emit = emit_interpolate};
const struct kernel_family kernel_interpolate_grad = {.name = "interpolate_grad",
                                                      .phases = one_phase,
                                                      .units = units_of_result,
                                                      .emit = emit_interpolate_grad};
