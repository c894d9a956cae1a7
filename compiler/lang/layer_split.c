/* Layers that cut the channels into runs: split, chunk. The results are a list. */
#include "layer.h"

/* Runs of `size` channels; the last has what is left. */
static value_id lower_runs(struct layer_site *s, int64_t channels, int64_t size)
{
    const int64_t count = (channels + size - 1) / size;
    int64_t *const sizes = arena_array(s->graph->program->arena, int64_t, count);
    for (int64_t i = 0; i < count; i++)
        sizes[i] = i + 1 < count ? size : channels - i * size;
    const struct attrs a = {.sizes = {(uint32_t)count, sizes}};
    return site_add(s, OP_split, &a, s->inputs, 1);
}

/* Channels of what is cut; 0 where there are none, which the op's shape rule reports. */
static int64_t channels_of(const struct layer_site *s)
{
    const struct shape *x = graph_shape(s->graph, s->inputs[0]);
    return x->rank >= 2 ? x->dim[1] : 0;
}

static value_id lower_split(struct layer_site *s)
{
    const struct value *v = &s->layer->args[ARG_split_sizes];
    if (v->kind == VALUE_INT)
        return lower_runs(s, channels_of(s), v->integer);
    int64_t *const sizes = arena_array(s->graph->program->arena, int64_t, v->count);
    for (uint32_t i = 0; i < v->count; i++)
        sizes[i] = v->items[i].integer;
    const struct attrs a = {.sizes = {v->count, sizes}};
    return site_add(s, OP_split, &a, s->inputs, 1);
}

const struct layer_rules rules_split = {.lower = lower_split};

static value_id lower_chunk(struct layer_site *s)
{
    const int64_t channels = channels_of(s), chunks = layer_int(s->layer, ARG_chunk_chunks);
    return lower_runs(s, channels, (channels + chunks - 1) / chunks + (channels == 0));
}

const struct layer_rules rules_chunk = {.lower = lower_chunk};
