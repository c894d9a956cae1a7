/* The greatest over whole dimensions behind the batch; a NaN is greater than anything. The gradient is shared evenly among equal
 * ones, as torch.amax shares it: where x is y it is dy over the number of those in the window. */
#include "eval_support.h"
#include "rules.h"

/* As of any window. */
void eval_amax(struct eval *e) { eval_max_pool(e); }

/* Of each window's value a copy at each of its places. */
static value_id spread(struct graph *g, const struct attrs *sum, const struct shape *x, value_id y)
{
    struct attrs back = *sum;
    memcpy(back.in_size, x->dim + 2, sizeof back.in_size);
    return graph_op(g, OP_avg_pool_grad, &back, y);
}

void grad_amax(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    const struct attrs sum = {.kernel = {a->kernel[0], a->kernel[1]},
                              .stride = {a->stride[0], a->stride[1]},
                              .count_include_pad = true,
                              .divisor_override = 1};
    const value_id x = grad_in(g, 0);
    const struct shape s = *graph_shape(g->graph, x);
    if (!grad_wanted(g, 0))
        return;
    value_id ties =
        graph_op(g->graph, OP_amax_grad_ties, NULL, x, spread(g->graph, &sum, &s, g->node));
    value_id count = graph_op(g->graph, OP_avg_pool, &sum, ties);
    value_id share = graph_op(g->graph, OP_div, NULL, g->dy, count);
    grad_accumulate(g, 0,
                    graph_op(g->graph, OP_mul, NULL, ties, spread(g->graph, &sum, &s, share)));
}

void eval_amax_grad_ties(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[0].data[i] == e->in[1].data[i] ? 1 : 0;
}

emit_value emit_amax_grad_ties(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 0, 0), y = lanes_in(e, 1, 0), zero = lanes_const(e, 0);
    return lanes_select_ge(e, x, y, lanes_select_ge(e, y, x, lanes_const(e, 1), zero), zero);
}

/* ---- over any dimensions ---- */

static value_id greatest(struct graph *g, value_id x, int64_t rows, int64_t columns)
{
    const struct attrs a = {.kernel = {rows, columns}, .stride = {rows, columns}};
    return graph_op(g, OP_amax, &a, x);
}

/* Over the channels of a map, and over rows, or rows and columns, too: one map of all channels' rows. */
static value_id over_channels(struct graph *g, value_id x, bool rows, bool columns)
{
    const struct shape s = *graph_shape(g, x);
    const int64_t height = rows ? s.dim[1] * s.dim[2] : s.dim[1],
                  width = rows ? s.dim[3] : s.dim[2] * s.dim[3];
    x = reshape_to(g, x, shape_4d(DIM_BATCH, 1, height, width));
    return greatest(g, x, height, columns ? width : 1);
}

value_id max_over(struct graph *g, value_id x, const bool over[4], bool keepdim)
{
    static const int64_t turned[] = {0, 1, 3, 2};
    const struct attrs turn = {.dims = {4, turned}};
    const struct shape s = *graph_shape(g, x);
    struct shape to = {.rank = 1, .dim = {DIM_BATCH}};
    for (uint32_t i = 1; i < s.rank; i++)
        if (keepdim || !over[i])
            to.dim[to.rank++] = over[i] ? 1 : s.dim[i];
    const bool rows = s.rank == 4 && over[2], columns = s.rank == 4 && over[3];
    if (s.rank == 2)
        x = reshape_to(g, x, shape_4d(DIM_BATCH, s.dim[1], 1, 1));
    if (over[1] && columns && !rows)
        x = over_channels(g, graph_op(g, OP_permute, &turn, x), true, false);
    else if (over[1])
        x = over_channels(g, x, rows, columns);
    else
        x = greatest(g, x, rows ? s.dim[2] : 1, columns ? s.dim[3] : 1);
    return reshape_to(g, x, to);
}
