/* permute: another order of the dimensions. A map with its channels last is not copied: what acts on the channels of each place
 * does so where they lie, and the map is only said to be seen that way (network.c); permuted back it is what it was. */
#include "layer.h"

#include <string.h>

#include "op.h"

enum { MAX_DIMS = FTMRT_MAX_RANK + 1 }; /* one too many is reported by the op */

static const int64_t channels_last[] = {0, 2, 3, 1}, as_it_lies[] = {0, 1, 2, 3};

bool as_input(const struct layer *l, bool x)
{
    (void)l;
    return x;
}

struct shape shape_as_seen(const struct shape *map)
{
    return shape_4d(map->dim[0], map->dim[2], map->dim[3], map->dim[1]);
}

value_id permute_as_seen(struct graph *g, value_id map)
{
    const struct attrs a = {.dims = {4, channels_last}};
    return graph_op(g, OP_permute, &a, map);
}

value_id permute_swapped(struct graph *g, value_id v, int64_t a, int64_t b)
{
    const uint32_t rank = graph_shape(g, v)->rank;
    int64_t *const order = arena_array(g->program->arena, int64_t, rank);
    for (uint32_t i = 0; i < rank; i++)
        order[i] = i == a ? b : i == b ? a : i;
    const struct attrs swapped = {.dims = {rank, order}};
    return graph_op(g, OP_permute, &swapped, v);
}

int64_t dimension_as_it_lies(const struct layer *l, int64_t dim, uint32_t rank)
{
    const int64_t d = dim < 0 ? dim + rank : dim;
    return l->inputs_last[0] && !l->reads_seen && rank == 4 && d >= 0 && d < 4 ? channels_last[d]
                                                                               : d;
}

/* The dimensions of the value as it lies, in the order of the result; those of an input that is seen with channels last are
 * counted as seen. Dimensions below 0 count from the end. */
static uint32_t order_of(const struct layer *l, bool seen_last, int64_t order[MAX_DIMS])
{
    const struct value *dims = &l->args[ARG_permute_dims];
    const uint32_t given = dims->kind == VALUE_LIST ? dims->count : 1,
                   rank = given < MAX_DIMS ? given : MAX_DIMS;
    for (uint32_t i = 0; i < rank; i++) {
        const int64_t d = dims->kind == VALUE_LIST ? dims->items[i].integer : dims->integer;
        order[i] = d < 0 ? d + rank : d;
        if (seen_last && rank == 4 && order[i] >= 0 && order[i] < 4)
            order[i] = channels_last[order[i]];
    }
    return rank;
}

static bool is_order(const int64_t *order, uint32_t rank, const int64_t wanted[4])
{
    return rank == 4 && memcmp(order, wanted, 4 * sizeof *order) == 0;
}

static bool sees_channels_last(const struct layer *l, bool x)
{
    int64_t order[MAX_DIMS];
    const uint32_t rank = order_of(l, x, order);
    return is_order(order, rank, channels_last);
}

static value_id lower_permute(struct layer_site *s)
{
    const struct layer *l = s->layer;
    int64_t *const order = arena_array(s->graph->program->arena, int64_t, MAX_DIMS);
    const uint32_t rank = order_of(l, l->inputs_last[0], order);
    const bool map = graph_shape(s->graph, s->inputs[0])->rank == 4;
    if (map && (is_order(order, rank, channels_last) || is_order(order, rank, as_it_lies)))
        return s->inputs[0];
    const struct attrs a = {.dims = {rank, order}};
    return site_add(s, OP_permute, &a, s->inputs, 1);
}

const struct layer_rules rules_permute = {.lower = lower_permute,
                                          .channels_last = sees_channels_last};
