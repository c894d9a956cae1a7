/* The mean over all places of the weight of the label's class; a place whose label is ignore_index, or no class, has none.
 * It is what torch.nn.functional.cross_entropy with `weight` divides the sum by, over the number of places. */
#include "label.h"
#include "op_shape.h"
#include "rules.h"

bool shape_label_weight(struct graph *g, struct node *n)
{
    struct type x = shape_in(g, n, 0), label = shape_in(g, n, 1);
    n->type = shape_f32(shape_scalar());
    if (label.dtype == FTMRT_F32)
        return shape_want_type(g, n, 1, (struct type){FTMRT_I32, shape_1d(x.shape.dim[0])});
    return shape_want_labelled(g, n);
}

void eval_label_weight(struct eval *e)
{
    struct channels ch = channels_of(&e->in[0].shape);
    int64_t places = ch.n * ch.inner;
    for (int64_t i = 0; i < places; i++) {
        double label = e->in[1].data[i];
        if (label >= 0 && label < (double)ch.c && label != (double)e->attrs->ignore_index)
            e->out.data[0] += e->in[2].data[(int64_t)label] / (double)places;
    }
}

/* Only the shape of the logits matters. */
void grad_label_weight(struct grad *g) { (void)g; }
