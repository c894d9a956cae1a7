/* y = x w^T. A layer of the language only: canonicalize turns it into a convolution, so it needs no
 * gradient here. */
#include "eval_support.h"
#include "rules.h"

void eval_linear(struct eval *e)
{
    int64_t n = e->in[0].shape.dim[0], in = e->in[1].shape.dim[1], out = e->in[1].shape.dim[0];
    for (int64_t i = 0; i < n; i++)
        for (int64_t o = 0; o < out; o++)
            e->out.data[i * out + o] = dot(in, e->in[0].data + i * in, e->in[1].data + o * in);
}
