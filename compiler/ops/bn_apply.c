/* Normalises by given statistics, then scales and shifts: a batch norm in training.
 *
 * The statistics are those of x itself, so its gradient (bn_grad_input) includes the way through
 * them, and the operand `stats` gets none. Both parameters' gradients are rows of one reduction,
 * bn_grad_stats. */
#include "eval_support.h"
#include "rules.h"

void eval_bn_apply(struct eval *e)
{
    struct channels ch = channels_of(&e->out.shape);
    const double *x = e->in[0].data, *mean = e->in[1].data, *var = mean + ch.c;
    for (int64_t i = 0; i < ch.n * ch.c; i++) {
        int64_t c = i % ch.c;
        double inv = 1 / sqrt(var[c] + e->attrs->eps);
        for (int64_t j = 0; j < ch.inner; j++)
            e->out.data[i * ch.inner + j] =
                (x[i * ch.inner + j] - mean[c]) * inv * e->in[2].data[c] + e->in[3].data[c];
    }
}

void grad_bn_apply(struct grad *g)
{
    struct graph *graph = g->graph;
    struct attrs eps = {.eps = graph_node(graph, g->node)->attrs->eps};
    value_id x = grad_in(g, 0), stats = grad_in(g, 1), weight = grad_in(g, 2);
    bool x_wanted = grad_wanted(g, 0), weight_wanted = grad_wanted(g, 2),
         bias_wanted = grad_wanted(g, 3);
    if (!x_wanted && !weight_wanted && !bias_wanted)
        return;
    value_id gstats = graph_op(graph, OP_bn_grad_stats, &eps, g->dy, x, stats);
    if (x_wanted)
        grad_accumulate(g, 0,
                        graph_op(graph, OP_bn_grad_input, &eps, g->dy, x, stats, gstats, weight));
    if (weight_wanted)
        grad_accumulate(g, 2, graph_op(graph, OP_part, &(struct attrs){.index = 1}, gstats));
    if (bias_wanted)
        grad_accumulate(g, 3, graph_op(graph, OP_part, &(struct attrs){.index = 0}, gstats));
}

/* The factor does not depend on the position, so it is computed once per channel vector. */
emit_value emit_bn_apply(struct emit *e, const struct attrs *attrs)
{
    emit_value var = lanes_add(e, lanes_in(e, 1, 1), lanes_const(e, attrs->eps));
    emit_value factor = lanes_div(e, lanes_in(e, 2, 0), lanes_sqrt(e, var));
    return lanes_fma(e, lanes_sub(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0)), factor,
                     lanes_in(e, 3, 0));
}
