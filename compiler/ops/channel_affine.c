/* y = x * s + t with one factor and one offset per channel: a batch norm with stored statistics. */
#include "eval_support.h"
#include "rules.h"

void eval_channel_affine(struct eval *e)
{
    struct channels ch = channels_of(&e->out.shape);
    for (int64_t i = 0; i < ch.n * ch.c; i++) {
        double s = e->in[1].data[i % ch.c], t = e->in[2].data[i % ch.c];
        for (int64_t j = 0; j < ch.inner; j++)
            e->out.data[i * ch.inner + j] = e->in[0].data[i * ch.inner + j] * s + t;
    }
}

void grad_channel_affine(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_channel_scale, NULL, g->dy, grad_in(g, 1)));
    if (grad_wanted(g, 1))
        grad_accumulate(g, 1, graph_op(g->graph, OP_channel_dot, NULL, g->dy, grad_in(g, 0)));
    if (grad_wanted(g, 2))
        grad_accumulate(g, 2, graph_op(g->graph, OP_channel_sum, NULL, g->dy));
}

value_id channel_affine_inverse(struct graph *g, value_id x, value_id factor, value_id offset,
                                struct span span)
{
    const value_id off[] = {x, broadcast_operand(g, x, offset, false)};
    const value_id scaled[] = {graph_add(g, OP_sub, off, 2, NULL, span, NULL),
                               broadcast_operand(g, x, factor, false)};
    return graph_add(g, OP_div, scaled, 2, NULL, span, NULL);
}

emit_value emit_channel_affine(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_fma(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0), lanes_in(e, 2, 0));
}
