/* The sum over the channels of each pixel. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

bool shape_sum_channels(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    n->type = shape_f32(shape_4d(x.dim[0], 1, x.dim[2], x.dim[3]));
    return true;
}

void eval_sum_channels(struct eval *e)
{
    struct channels ch = channels_of(&e->in[0].shape);
    for (int64_t i = 0; i < ch.n * ch.c; i++)
        axpy(ch.inner, 1, e->in[0].data + i * ch.inner, e->out.data + i / ch.c * ch.inner);
}
