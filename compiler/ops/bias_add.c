/* Adds one value per channel. */
#include "eval_support.h"
#include "rules.h"

void eval_bias_add(struct eval *e)
{
    struct channels ch = channels_of(&e->out.shape);
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        for (int64_t j = 0; j < ch.inner; j++)
            e->out.data[i * ch.inner + j] =
                e->in[0].data[i * ch.inner + j] + e->in[1].data[i % ch.c];
}

void grad_bias_add(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, g->dy);
    if (grad_wanted(g, 1))
        grad_accumulate(g, 1, graph_op(g->graph, OP_channel_sum, NULL, g->dy));
}

emit_value emit_bias_add(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_add(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0));
}
