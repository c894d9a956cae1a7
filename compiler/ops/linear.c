/* y = x w^T, of a map for each place. A layer of the language only: canonicalize turns it into a convolution, so it needs no
 * gradient here. */
#include "eval_support.h"
#include "rules.h"

void eval_linear(struct eval *e)
{
    const struct channels x = channels_of(&e->in[0].shape);
    const int64_t out = e->in[1].shape.dim[0];
    for (int64_t i = 0; i < x.n; i++)
        for (int64_t o = 0; o < out; o++)
            for (int64_t k = 0; k < x.c; k++)
                axpy(x.inner, e->in[1].data[o * x.c + k], e->in[0].data + (i * x.c + k) * x.inner,
                     e->out.data + (i * out + o) * x.inner);
}
