/* Channels out of blocks of r x r places: the inverse of pixel_shuffle, which is its gradient. */
#include "op_shape.h"
#include "pixel_shuffle.h"
#include "rules.h"

bool shape_pixel_unshuffle(struct graph *g, struct node *n)
{
    const int64_t r = n->attrs->downscale_factor;
    if (!shape_want_rank4(g, n, 0) ||
        !shape_want_attr(g, n, "downscale_factor", r, 1, PIXEL_SHUFFLE_MAX_FACTOR))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    if (!pixel_shuffle_fits(g, n, x.dim[2] % r == 0 && x.dim[3] % r == 0, "height and width", r))
        return false;
    n->type = shape_f32(shape_4d(x.dim[0], x.dim[1] * r * r, x.dim[2] / r, x.dim[3] / r));
    return true;
}

void eval_pixel_unshuffle(struct eval *e)
{
    pixel_shuffle_copy(&e->in[0], &e->out, e->attrs->downscale_factor, true);
}

void grad_pixel_unshuffle(struct grad *g)
{
    const struct attrs a = {.upscale_factor =
                                graph_node(g->graph, g->node)->attrs->downscale_factor};
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_pixel_shuffle, &a, g->dy));
}
