/* The sum over images and positions, one per channel: gradient of a bias. */
#include "eval_support.h"
#include "rules.h"

void eval_channel_sum(struct eval *e)
{
    struct channels ch = channels_of(&e->in[0].shape);
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        for (int64_t j = 0; j < ch.inner; j++)
            e->out.data[i % ch.c] += e->in[0].data[i * ch.inner + j];
}
