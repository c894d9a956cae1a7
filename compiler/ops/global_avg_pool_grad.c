/* Spreads the gradient of each mean evenly over its map. */
#include "eval_support.h"
#include "rules.h"

void eval_global_avg_pool_grad(struct eval *e)
{
    struct channels ch = channels_of(&e->out.shape);
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        for (int64_t j = 0; j < ch.inner; j++)
            e->out.data[i * ch.inner + j] = e->in[0].data[i] / (double)ch.inner;
}
