/* pad and its gradient. */
#include "resample_map.h"

static void emit_pad(struct kernel_build *k)
{
    const int64_t *in = graph_shape(k->graph, k->node->inputs[0])->dim;
    struct arena arena;
    arena_init(&arena, "pad");
    const struct resample_axis rows = pad_axis(&arena, k->node->attrs, 0, in[2]),
                               columns = pad_axis(&arena, k->node->attrs, 1, in[3]);
    resample_map(k, &rows, &columns, k->node->attrs->value);
    arena_clear(&arena);
}

static void emit_pad_grad(struct kernel_build *k)
{
    const int64_t *in = k->node->type.shape.dim;
    struct arena arena;
    arena_init(&arena, "pad_grad");
    struct resample_axis rows = pad_axis(&arena, k->node->attrs, 0, in[2]),
                         columns = pad_axis(&arena, k->node->attrs, 1, in[3]);
    rows = resample_turned(&arena, &rows);
    columns = resample_turned(&arena, &columns);
    resample_map(k, &rows, &columns, 0);
    arena_clear(&arena);
}

const struct kernel_family kernel_pad = {
    .name = "pad", .phases = one_phase, .units = units_of_result, .emit = emit_pad};
const struct kernel_family kernel_pad_grad = {
    .name = "pad_grad", .phases = one_phase, .units = units_of_result, .emit = emit_pad_grad};
