/* y = a b; b may be the same for all channels, for all pixels, for all of both, or a number (kind b of ops.def). The
 * gradient to b is then summed over what it is the same for. */
#include "eval_support.h"
#include "rules.h"

void eval_mul(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    const struct tensor *b = &e->in[1];
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[0].data[i] * b->data[broadcast_element(&b->shape, &e->out.shape, i)];
}

value_id scalar_times(struct graph *g, value_id v, double factor)
{
    const struct type number = {FTMRT_F32, shape_scalar()};
    if (factor == 0 || factor == 1)
        return factor == 1 ? v : graph_constant(g, 0, number);
    return graph_op(g, OP_mul, NULL, v, graph_constant(g, factor, number));
}

/* What a parameter is beside a value that has so many dimensions behind its channels. false: neither a number nor one for each channel. */
static bool broadcast_shape(const struct shape *param, const struct shape *x, uint32_t behind,
                            struct shape *to)
{
    int64_t channels = 1;
    for (uint32_t i = 0; i < param->rank; i++) {
        const bool channel = param->rank - i == behind + 1;
        if (param->dim[i] != 1 && !(channel && param->dim[i] == x->dim[1]))
            return false;
        channels *= param->dim[i];
    }
    *to = channels == 1 ? shape_scalar() : shape_1d(channels);
    return true;
}

value_id broadcast_operand(struct graph *g, value_id x, value_id param, bool channels_last)
{
    struct attrs a = {0};
    const uint32_t behind = channels_last ? 0 : graph_shape(g, x)->rank - 2;
    if (!broadcast_shape(graph_shape(g, param), graph_shape(g, x), behind, &a.shape))
        return VALUE_NONE;
    const bool same = shape_equal(&a.shape, graph_shape(g, param));
    return same ? param : graph_op(g, OP_reshape, &a, param);
}

static value_id sum_pixels(struct graph *g, value_id x)
{
    const struct type number = {FTMRT_F32, shape_scalar()};
    double pixels = (double)(graph_shape(g, x)->dim[2] * graph_shape(g, x)->dim[3]);
    value_id mean = graph_op(g, OP_global_avg_pool, NULL, x);
    return graph_op(g, OP_mul, NULL, mean, graph_constant(g, pixels, number));
}

value_id broadcast_sum(struct graph *g, value_id x, value_id operand)
{
    const struct shape shape = *graph_shape(g, operand);
    if (shape_equal(&shape, graph_shape(g, x)))
        return x;
    if (shape.rank == 1)
        return graph_op(g, OP_channel_sum, NULL, x);
    if (graph_shape(g, x)->rank == 2) {
        const struct attrs map = {.shape = shape_4d(DIM_BATCH, graph_shape(g, x)->dim[1], 1, 1)};
        x = graph_op(g, OP_reshape, &map, x);
    }
    if (shape.rank == 0 || shape.dim[1] != graph_shape(g, x)->dim[1])
        x = graph_op(g, OP_sum_channels, NULL, x);
    if (shape.rank == 0 || shape.dim[2] != graph_shape(g, x)->dim[2] ||
        shape.dim[3] != graph_shape(g, x)->dim[3])
        x = sum_pixels(g, x);
    if (shape.rank > 0)
        return x;
    const struct attrs a = {.shape = shape_scalar()};
    return graph_op(g, OP_reshape, &a, graph_op(g, OP_channel_sum, NULL, x));
}

void grad_mul(struct grad *g)
{
    value_id a = grad_in(g, 0), b = grad_in(g, 1);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_mul, NULL, g->dy, b));
    if (!grad_wanted(g, 1))
        return;
    if (graph_shape(g->graph, b)->rank == 1 && graph_shape(g->graph, a)->rank > 1) {
        grad_accumulate(g, 1, graph_op(g->graph, OP_channel_dot, NULL, g->dy, a));
        return;
    }
    value_id db = graph_op(g->graph, OP_mul, NULL, g->dy, a);
    grad_accumulate(g, 1, broadcast_sum(g->graph, db, b));
}

emit_value emit_mul(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_mul(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0));
}
