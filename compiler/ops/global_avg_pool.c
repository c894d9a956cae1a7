/* The mean of each map. */
#include "eval_support.h"
#include "rules.h"

void eval_global_avg_pool(struct eval *e)
{
    struct channels ch = channels_of(&e->in[0].shape);
    for (int64_t i = 0; i < ch.n * ch.c; i++) {
        for (int64_t j = 0; j < ch.inner; j++)
            e->out.data[i] += e->in[0].data[i * ch.inner + j];
        e->out.data[i] /= (double)ch.inner;
    }
}

void grad_global_avg_pool(struct grad *g)
{
    struct attrs a = {0};
    memcpy(a.in_size, graph_shape(g->graph, grad_in(g, 0))->dim + 2, sizeof a.in_size);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_global_avg_pool_grad, &a, g->dy));
}
