/* Blocks of r x r places out of r * r channels each (Shi et al., Real-Time Single Image and Video Super-Resolution Using an
 * Efficient Sub-Pixel Convolutional Neural Network, CVPR 2016; torch.nn.PixelShuffle): place (h r + i, w r + j) of channel c is
 * place (h, w) of channel (c r + i) r + j. The gradient puts them back. */
#include "pixel_shuffle.h"

#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

bool pixel_shuffle_fits(struct graph *g, const struct node *n, bool whole, const char *what,
                        int64_t by)
{
    char text[128];
    const struct shape x = shape_in(g, n, 0).shape;
    if (!whole)
        diag_report(g->program->diag, n->span, DIAG_NOT_MULTIPLE, op_info(n->op)->name, what,
                    (long long)by, shape_text(&x, text, sizeof text));
    return whole;
}

void pixel_shuffle_copy(const struct tensor *few, const struct tensor *many, int64_t r, bool back)
{
    const int64_t *dim = few->shape.dim, height = dim[2], width = dim[3];
    for (int64_t e = 0; e < tensor_elements(few); e++) {
        int64_t column = e % width, row = e / width % height, map = e / width / height;
        int64_t from = (map * r + row % r) * r + column % r,
                at = (from * (height / r) + row / r) * (width / r) + column / r;
        *(back ? &many->data[at] : &few->data[e]) = *(back ? &few->data[e] : &many->data[at]);
    }
}

bool shape_pixel_shuffle(struct graph *g, struct node *n)
{
    const int64_t r = n->attrs->upscale_factor;
    if (!shape_want_rank4(g, n, 0) ||
        !shape_want_attr(g, n, "upscale_factor", r, 1, PIXEL_SHUFFLE_MAX_FACTOR))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    if (!pixel_shuffle_fits(g, n, x.dim[1] % (r * r) == 0, "channels", r * r))
        return false;
    n->type = shape_f32(shape_4d(x.dim[0], x.dim[1] / (r * r), x.dim[2] * r, x.dim[3] * r));
    return true;
}

void eval_pixel_shuffle(struct eval *e)
{
    pixel_shuffle_copy(&e->out, &e->in[0], e->attrs->upscale_factor, false);
}

void grad_pixel_shuffle(struct grad *g)
{
    const struct attrs a = {.downscale_factor =
                                graph_node(g->graph, g->node)->attrs->upscale_factor};
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_pixel_unshuffle, &a, g->dy));
}
