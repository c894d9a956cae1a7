/* y = x * s with one factor per channel. */
#include "eval_support.h"
#include "rules.h"

void eval_channel_scale(struct eval *e)
{
    struct channels ch = channels_of(&e->out.shape);
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        for (int64_t j = 0; j < ch.inner; j++)
            e->out.data[i * ch.inner + j] =
                e->in[0].data[i * ch.inner + j] * e->in[1].data[i % ch.c];
}

void grad_channel_scale(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_channel_scale, NULL, g->dy, grad_in(g, 1)));
    if (grad_wanted(g, 1))
        grad_accumulate(g, 1, graph_op(g->graph, OP_channel_dot, NULL, g->dy, grad_in(g, 0)));
}

emit_value emit_channel_scale(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_mul(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0));
}
