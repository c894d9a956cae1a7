/* The inner product over images and positions, one per channel: gradient of a factor. */
#include "eval_support.h"
#include "rules.h"

void eval_channel_dot(struct eval *e)
{
    struct channels ch = channels_of(&e->in[0].shape);
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        e->out.data[i % ch.c] +=
            dot(ch.inner, e->in[0].data + i * ch.inner, e->in[1].data + i * ch.inner);
}
