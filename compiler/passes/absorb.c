/* absorb: a constant adapter beside a constant convolution disappears into its weight.
 *
 * Expects    canonicalize has run; runs before fold, which then finds one convolution before an affine
 * Changes    where w, a, b, c are constants, s a number, and nothing else reads the values between:
 *   conv2d(x, w)              + conv2d(s conv2d(x, a), b) -> conv2d(x, w + s b a)
 *   bias_add(conv2d(x, w), c) + conv2d(s conv2d(x, a), b) -> bias_add(conv2d(x, w + s b a), c)
 *            if a has the window of w, and b one of a pixel: b a is the product of their matrices
 * Guarantees new operations but the convolution have constant operands only
 *
 * Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, section 4.1. */
#include <string.h>

#include "query.h"
#include "rewrite.h"

/* Whether one node reads a value, apart from the flattened forms that canonicalize leaves and nothing reads. */
static bool read_once(const struct graph *g, value_id v)
{
    uint32_t count = 0;
    for_uses(g, v, u) count += u->user == USE_OUTPUT || g->nodes.at[u->user].op != OP_flatten ||
                               graph_use_count(g, (value_id){u->user}) > 0;
    return count == 1;
}

/* A convolution of a constant weight that nothing else reads. */
static bool constant_conv(const struct graph *g, value_id v, struct node *out)
{
    const struct node *n = rewrite_match(g, v, OP_conv2d);
    if (!n || !read_once(g, v) || !graph_value_constant(g, n->inputs[1]))
        return false;
    *out = *n;
    return true;
}

/* What a node of op computes from, and its second operand, which is constant; v itself if it is none. */
static value_id behind(const struct graph *g, value_id v, enum op op, value_id *operand)
{
    const struct node *n = rewrite_match(g, v, op);
    *operand = VALUE_NONE;
    if (!n || !read_once(g, v))
        return v;
    const bool number = op == OP_mul;
    const struct node *second = graph_node(g, n->inputs[1]);
    if (number ? second->op != OP_constant || second->type.shape.rank
               : !graph_value_constant(g, n->inputs[1]))
        return v;
    *operand = n->inputs[1];
    return n->inputs[0];
}

/* An adapter and what it stands beside. */
struct pair {
    struct node base, down, up;
    value_id bias, scale; /* or VALUE_NONE */
};

static bool is_pair(const struct pair *p)
{
    const struct attrs *w = p->base.attrs, *a = p->down.attrs, *b = p->up.attrs;
    const bool one_pixel = b->stride[0] == 1 && b->stride[1] == 1 && b->groups == 1 &&
                           !b->padding[0] && !b->padding[1] && !b->padding[2] && !b->padding[3];
    return one_pixel && w->groups == 1 && a->groups == 1 &&
           p->base.inputs[0].i == p->down.inputs[0].i &&
           !memcmp(w->stride, a->stride, sizeof a->stride) &&
           !memcmp(w->padding, a->padding, sizeof a->padding) &&
           !memcmp(w->dilation, a->dilation, sizeof a->dilation);
}

static bool same_window(const struct graph *g, const struct pair *p)
{
    const struct shape *w = graph_shape(g, p->base.inputs[1]),
                       *a = graph_shape(g, p->down.inputs[1]), *b = graph_shape(g, p->up.inputs[1]);
    return w->dim[2] == a->dim[2] && w->dim[3] == a->dim[3] && b->dim[2] == 1 && b->dim[3] == 1;
}

static bool match(const struct graph *g, value_id base, value_id adapter, struct pair *p)
{
    base = behind(g, base, OP_bias_add, &p->bias);
    return constant_conv(g, base, &p->base) && constant_conv(g, adapter, &p->up) &&
           constant_conv(g, behind(g, p->up.inputs[0], OP_mul, &p->scale), &p->down) &&
           is_pair(p) && same_window(g, p);
}

/* A weight as a matrix with a row for each channel of the result. */
static value_id matrix(struct graph *g, const struct node *like, value_id w)
{
    const struct shape s = *graph_shape(g, w);
    const struct attrs a = {.shape = shape_2d(s.dim[0], s.dim[1] * s.dim[2] * s.dim[3])};
    return rewrite_op(g, like, OP_reshape, &a, w);
}

static value_id whole_weight(struct graph *g, const struct pair *p)
{
    const struct node *like = &p->base;
    const value_id w = like->inputs[1];
    const struct attrs kernel = {.shape = *graph_shape(g, w)};
    value_id product = rewrite_op(g, like, OP_matmul, NULL, matrix(g, like, p->up.inputs[1]),
                                  matrix(g, like, p->down.inputs[1]));
    if (value_valid(p->scale))
        product = rewrite_op(g, like, OP_mul, NULL, product, p->scale);
    return rewrite_op(g, like, OP_add, NULL, w, rewrite_op(g, like, OP_reshape, &kernel, product));
}

static bool absorb(struct graph *g, value_id v)
{
    struct pair p;
    const struct node sum = *graph_node(g, v);
    if (!match(g, sum.inputs[0], sum.inputs[1], &p) && !match(g, sum.inputs[1], sum.inputs[0], &p))
        return false;
    value_id y =
        rewrite_op(g, &p.base, OP_conv2d, p.base.attrs, p.base.inputs[0], whole_weight(g, &p));
    if (value_valid(p.bias))
        y = rewrite_op(g, &p.base, OP_bias_add, NULL, y, p.bias);
    rewrite_replace(g, v, y);
    return true;
}

bool pass_absorb(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g) {
        const uint32_t count = g->nodes.len;
        for (uint32_t i = 0; i < count; i++)
            if (rewrite_match(g, (value_id){i}, OP_add))
                changed |= absorb(g, (value_id){i});
    }
    c->program->folded |= changed;
    rewrite_done(c, changed);
    return true;
}
