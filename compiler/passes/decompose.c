/* decompose: compound operations become those that have kernels.
 *
 * Expects    freeze has decided which batch norms use stored statistics
 * Changes    batch_norm, by which statistics it uses:
 *   stored     s = bn_scale(weight, var); t = bn_shift(bias, mean, s); y = channel_affine(x, s, t)
 *   training   stats = bn_stats(x); y = bn_apply(x, stats, weight, bias);
 *              effect bn_update(mean, var, stats)
 * Guarantees no batch_norm is left. Of a frozen layer s and t are constants, which fold and the
 *            schedule rely on
 *
 * Source: torch.nn.BatchNorm2d (momentum is the weight of the new value; the stored variance is
 * unbiased). */
#include "rewrite.h"

static value_id stored(struct graph *g, const struct node *n)
{
    struct attrs a = {.eps = n->attrs->eps};
    value_id s = rewrite_op(g, n, OP_bn_scale, &a, n->inputs[1], n->inputs[4]);
    value_id t = rewrite_op(g, n, OP_bn_shift, NULL, n->inputs[2], n->inputs[3], s);
    return rewrite_op(g, n, OP_channel_affine, NULL, n->inputs[0], s, t);
}

static value_id training(struct graph *g, const struct node *n)
{
    value_id x = n->inputs[0];
    const struct shape *shape = graph_shape(g, x);
    struct attrs apply = {.eps = n->attrs->eps};
    struct attrs update = {.momentum = n->attrs->momentum, .in_size = {1, 1}};
    if (shape->rank == 4) {
        update.in_size[0] = shape->dim[2];
        update.in_size[1] = shape->dim[3];
    }
    value_id stats = rewrite_op(g, n, OP_bn_stats, NULL, x);
    value_id y = rewrite_op(g, n, OP_bn_apply, &apply, x, stats, n->inputs[1], n->inputs[2]);
    rewrite_op(g, n, OP_bn_update, &update, n->inputs[3], n->inputs[4], stats);
    return y;
}

bool property_decomposed(const struct graph *g, value_id v)
{
    return graph_node(g, v)->op != OP_batch_norm;
}

bool pass_decompose(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g) {
        uint32_t count = g->nodes.len;
        for (uint32_t i = 0; i < count; i++) {
            struct node n = g->nodes.at[i];
            if (n.op != OP_batch_norm || n.dead)
                continue;
            rewrite_replace(g, (value_id){i}, n.attrs->training ? training(g, &n) : stored(g, &n));
            changed = true;
        }
    }
    rewrite_done(c, changed);
    return true;
}
