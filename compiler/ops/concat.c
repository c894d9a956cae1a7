/* Activations of one map behind each other, channel by channel; its gradient takes the channels of one
 * of them out again: a copy each rather than a split of all, so that none lives longer than its
 * reader, and those below what is frozen are not made. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

bool shape_concat(struct graph *g, struct node *n)
{
    if (!shape_want_activation(g, n, 0))
        return false;
    struct shape y = shape_in(g, n, 0).shape;
    for (uint32_t i = 1; i < n->input_count; i++) {
        if (!shape_want_activation(g, n, i))
            return false;
        struct shape x = shape_in(g, n, i).shape, want = shape_in(g, n, 0).shape;
        want.dim[1] = x.dim[1];
        if (!shape_want_type(g, n, i, shape_f32(want)))
            return false;
        y.dim[1] += x.dim[1];
    }
    n->type = shape_f32(y);
    return true;
}

bool shape_concat_grad(struct graph *g, struct node *n)
{
    if (!shape_want_activation(g, n, 0))
        return false;
    struct shape dy = shape_in(g, n, 0).shape;
    int64_t first = n->attrs->first, channels = n->attrs->channels;
    if (!shape_want_attr(g, n, "first", first, 0, dy.dim[1] - 1) ||
        !shape_want_attr(g, n, "channels", channels, 1, dy.dim[1] - first))
        return false;
    dy.dim[1] = channels;
    n->type = shape_f32(dy);
    return true;
}

/* Channels from `from` on of x to those from `to` on of y. */
static void copy_channels(const struct tensor *x, int64_t from, struct tensor *y, int64_t to,
                          int64_t channels)
{
    struct channels in = channels_of(&x->shape), out = channels_of(&y->shape);
    for (int64_t n = 0; n < in.n; n++)
        memcpy(y->data + (n * out.c + to) * out.inner, x->data + (n * in.c + from) * in.inner,
               (size_t)(channels * in.inner) * sizeof(double));
}

void eval_concat(struct eval *e)
{
    for (int64_t to = 0, i = 0; to < e->out.shape.dim[1]; to += e->in[i].shape.dim[1], i++)
        copy_channels(&e->in[i], 0, &e->out, to, e->in[i].shape.dim[1]);
}

void eval_concat_grad(struct eval *e)
{
    copy_channels(&e->in[0], e->attrs->first, &e->out, 0, e->attrs->channels);
}

void grad_concat(struct grad *g)
{
    struct attrs a = {0};
    uint32_t count = graph_node(g->graph, g->node)->input_count;
    for (uint32_t i = 0; i < count; i++) {
        a.channels = graph_shape(g->graph, grad_in(g, i))->dim[1];
        if (grad_wanted(g, i))
            grad_accumulate(g, i, graph_op(g->graph, OP_concat_grad, &a, g->dy));
        a.first += a.channels;
    }
}
