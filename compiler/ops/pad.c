/* A map with places around it (torch.nn.functional.pad): a constant, the map mirrored at its edge, or the edge itself; and
 * its gradient. */
#include "eval_support.h"
#include "op_shape.h"
#include "resample.h"
#include "rules.h"

/* The greatest padding: what is mirrored must be there. */
static int64_t most_padding(const struct node *n, int64_t size)
{
    return n->attrs->mode == PAD_REFLECT ? size - 1 : SHAPE_ATTR_MAX;
}

/* Adds the padding to the map of x, or takes it away. */
static bool padded(struct graph *g, const struct node *n, int sign, struct shape *x)
{
    for (int k = 0; k < 2; k++) {
        const int64_t *padding = n->attrs->padding,
                      size = x->dim[2 + k] + sign * (padding[k] + padding[2 + k]);
        if (!shape_want_attr(g, n, "padding", padding[k], 0,
                             most_padding(n, sign > 0 ? x->dim[2 + k] : size)) ||
            !shape_want_attr(g, n, "padding", padding[2 + k], 0,
                             most_padding(n, sign > 0 ? x->dim[2 + k] : size)))
            return false;
        x->dim[2 + k] = size;
    }
    return true;
}

static bool want_mode(struct graph *g, const struct node *n)
{
    return shape_want_attr(g, n, "mode", n->attrs->mode, 0, PAD_REPLICATE);
}

bool shape_pad(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0) || !want_mode(g, n))
        return false;
    struct shape x = shape_in(g, n, 0).shape;
    if (!padded(g, n, 1, &x))
        return false;
    n->type = shape_f32(x);
    return true;
}

bool shape_pad_grad(struct graph *g, struct node *n)
{
    if (!shape_want_rank4(g, n, 0) || !want_mode(g, n))
        return false;
    struct shape dy = shape_in(g, n, 0).shape, x = dy;
    if (!padded(g, n, -1, &x))
        return false;
    if (x.dim[2] < 1 || x.dim[3] < 1)
        return shape_mismatched_gradient(g, n, dy, x);
    n->type = shape_f32(x);
    return true;
}

struct resample_axis pad_axis(struct arena *arena, const struct attrs *a, int axis, int64_t in)
{
    int64_t before = a->padding[axis], after = a->padding[2 + axis];
    struct resample_axis r = resample_axis_new(arena, in, before + in + after, 1);
    for (int64_t i = -before; i < in + after; i++) {
        int64_t edge = i < 0 ? 0 : in - 1;
        if (i >= 0 && i < in)
            resample_tap(&r, before + i, i, 1);
        else if (a->mode != PAD_CONSTANT)
            resample_tap(&r, before + i, a->mode == PAD_REFLECT ? 2 * edge - i : edge, 1);
    }
    return r;
}

void eval_pad(struct eval *e)
{
    const int64_t *in = e->in[0].shape.dim;
    struct arena arena;
    arena_init(&arena, "pad");
    struct resample_axis rows = pad_axis(&arena, e->attrs, 0, in[2]),
                         columns = pad_axis(&arena, e->attrs, 1, in[3]);
    resample_eval(&rows, &columns, e->attrs->value, &e->in[0], &e->out);
    arena_clear(&arena);
}

void eval_pad_grad(struct eval *e)
{
    const int64_t *in = e->out.shape.dim;
    struct arena arena;
    arena_init(&arena, "pad_grad");
    struct resample_axis rows = pad_axis(&arena, e->attrs, 0, in[2]),
                         columns = pad_axis(&arena, e->attrs, 1, in[3]);
    rows = resample_turned(&arena, &rows);
    columns = resample_turned(&arena, &columns);
    resample_eval(&rows, &columns, 0, &e->in[0], &e->out);
    arena_clear(&arena);
}

void grad_pad(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_pad_grad, a, g->dy));
}
