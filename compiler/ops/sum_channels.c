/* The sum over the channels of each pixel, and sums over any dimensions behind the batch. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

bool shape_sum_channels(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    n->type = shape_f32(shape_4d(x.dim[0], 1, x.dim[2], x.dim[3]));
    return true;
}

void eval_sum_channels(struct eval *e)
{
    struct channels ch = channels_of(&e->in[0].shape);
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        axpy(ch.inner, 1, e->in[0].data + i * ch.inner, e->out.data + i / ch.c * ch.inner);
}

void grad_sum_channels(struct grad *g)
{
    const struct type type = graph_node(g->graph, grad_in(g, 0))->type;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0,
                        graph_op(g->graph, OP_mul, NULL, graph_constant(g->graph, 1, type), g->dy));
}

/* ---- over any dimensions ---- */

/* Over places of the map: one window over all of them. */
static value_id sum_map(struct graph *g, value_id x, const bool over[4], bool mean)
{
    const struct shape s = *graph_shape(g, x);
    struct attrs a = {.count_include_pad = true, .divisor_override = mean ? 0 : 1};
    if (over[2] && over[3]) {
        value_id y = graph_op(g, OP_global_avg_pool, NULL, x);
        return mean ? y : scalar_times(g, y, (double)(s.dim[2] * s.dim[3]));
    }
    for (int i = 0; i < 2; i++)
        a.kernel[i] = a.stride[i] = over[2 + i] ? s.dim[2 + i] : 1;
    return graph_op(g, OP_avg_pool, &a, x);
}

static value_id without(struct graph *g, value_id x, const bool over[4], uint32_t rank)
{
    struct attrs a = {.shape = {.rank = 1, .dim = {DIM_BATCH}}};
    for (uint32_t i = 1; i < rank; i++)
        if (!over[i])
            a.shape.dim[a.shape.rank++] = graph_shape(g, x)->dim[i];
    return graph_op(g, OP_reshape, &a, x);
}

value_id sum_over(struct graph *g, value_id x, const bool over[4], bool mean, bool keepdim)
{
    static const bool nothing[4];
    const struct shape s = *graph_shape(g, x);
    const struct attrs map = {.shape = shape_4d(DIM_BATCH, s.dim[1], 1, 1)};
    if (s.rank == 2)
        x = graph_op(g, OP_reshape, &map, x);
    if (s.rank == 4 && (over[2] || over[3]))
        x = sum_map(g, x, over, mean);
    if (over[1]) {
        x = graph_op(g, OP_sum_channels, NULL, x);
        x = mean ? scalar_times(g, x, 1 / (double)s.dim[1]) : x;
    }
    if (keepdim)
        return s.rank == 4 ? x : without(g, x, nothing, s.rank);
    return without(g, x, over, s.rank);
}
