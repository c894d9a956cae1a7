/* fold: a constant affine after a constant convolution disappears into its weight and bias.
 *
 * Expects    decompose has run; runs before backward, so that what is folded needs no gradient
 * Changes    where w, b, s, t are constants and nothing else reads the values between:
 *   channel_affine(conv2d(x, w), s, t)              -> bias_add(conv2d(x, w * s), t)
 *   channel_affine(bias_add(conv2d(x, w), b), s, t) -> bias_add(conv2d(x, w * s), b * s + t)
 * Guarantees new operations have constant operands only: they are evaluated at compile time, in
 *            double precision
 *
 * Source: Jacob et al., "Quantization and Training of Neural Networks ...", CVPR 2018, section
 * 3.2. */
#include "query.h"
#include "rewrite.h"

/* The node of op behind a value that nothing else reads, or NULL. */
static const struct node *only_reader(const struct graph *g, value_id v, enum op op)
{
    const struct node *n = rewrite_match(g, v, op);
    return n && graph_use_count(g, v) == 1 ? n : NULL;
}

static bool fold_affine(struct graph *g, value_id v)
{
    struct node affine = *graph_node(g, v);
    value_id s = affine.inputs[1], t = affine.inputs[2], from = affine.inputs[0], bias = VALUE_NONE;
    if (!graph_value_constant(g, s) || !graph_value_constant(g, t))
        return false;
    const struct node *add = only_reader(g, from, OP_bias_add);
    if (add) {
        bias = add->inputs[1];
        from = add->inputs[0];
        if (!graph_value_constant(g, bias))
            return false;
    }
    const struct node *found = only_reader(g, from, OP_conv2d);
    if (!found || !graph_value_constant(g, found->inputs[1]))
        return false;
    struct node conv = *found;
    value_id w = rewrite_op(g, &conv, OP_scale_weight, NULL, conv.inputs[1], s);
    value_id y = rewrite_op(g, &conv, OP_conv2d, conv.attrs, conv.inputs[0], w);
    if (value_valid(bias))
        t = rewrite_op(g, &affine, OP_bias_affine, NULL, bias, s, t);
    value_id folded = rewrite_op(g, &affine, OP_bias_add, NULL, y, t);
    rewrite_replace(g, v, folded);
    graph_kill(g, affine.inputs[0]);
    graph_kill(g, from);
    return true;
}

bool pass_fold(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g) {
        uint32_t count = g->nodes.len;
        for (uint32_t i = 0; i < count; i++)
            if (rewrite_match(g, (value_id){i}, OP_channel_affine))
                changed |= fold_affine(g, (value_id){i});
    }
    c->program->folded |= changed;
    rewrite_done(c, changed);
    return true;
}
