/* simplify: algebraic identities, as a table of rewrite rules.
 *
 * Expects    any program before layout
 * Changes    what the rules below say, until none applies
 * Guarantees fewer or cheaper run-time nodes
 *
 * A rule is given a node of its op and returns the value that takes its place, or VALUE_NONE. It
 * must
 *   1. keep type and value for every input, NaN included: x + 0 -> x is right (up to the sign of
 *      zero), x * 0 -> 0 is not;
 *   2. end: the number of nodes that are computed at run time falls with each application;
 *   3. build operations of constant operands only, or ones that replace the node itself;
 *   4. leave effects and trainable states alone, which it does by never matching them. */
#include "op.h"
#include "query.h"
#include "rewrite.h"

struct rule {
    enum op op;
    value_id (*apply)(struct graph *g, const struct node *n);
};

/* ---- rectifiers ---- */

/* relu(relu(x)) and relu(relu6(x)): the inner value is not negative. */
static value_id relu_again(struct graph *g, const struct node *n)
{
    bool known =
        rewrite_match(g, n->inputs[0], OP_relu) || rewrite_match(g, n->inputs[0], OP_relu6);
    return known ? n->inputs[0] : VALUE_NONE;
}

/* relu6(relu6(x)) is the inner value; relu6(relu(x)) is relu6(x). */
static value_id relu6_again(struct graph *g, const struct node *n)
{
    if (rewrite_match(g, n->inputs[0], OP_relu6))
        return n->inputs[0];
    const struct node *inner = rewrite_match(g, n->inputs[0], OP_relu);
    return inner && graph_use_count(g, n->inputs[0]) == 1
               ? rewrite_op(g, n, OP_relu6, NULL, inner->inputs[0])
               : VALUE_NONE;
}

/* ---- sums and affines ---- */

static bool is_zero(const struct graph *g, value_id v)
{
    const struct node *n = rewrite_match(g, v, OP_constant);
    return n && n->attrs->value == 0;
}

static value_id add_zero(struct graph *g, const struct node *n)
{
    if (is_zero(g, n->inputs[1]))
        return n->inputs[0];
    const bool whole = shape_equal(&n->type.shape, graph_shape(g, n->inputs[1]));
    return whole && is_zero(g, n->inputs[0]) ? n->inputs[1] : VALUE_NONE;
}

static value_id bias_zero(struct graph *g, const struct node *n)
{
    return is_zero(g, n->inputs[1]) ? n->inputs[0] : VALUE_NONE;
}

/* The node behind operand 0 if it has the op, nothing else reads it, and its operands from 1 on
 * are constants. */
static const struct node *constant_inner(struct graph *g, const struct node *n, enum op op)
{
    const struct node *inner = rewrite_match(g, n->inputs[0], op);
    if (!inner || graph_use_count(g, n->inputs[0]) != 1)
        return NULL;
    for (uint32_t i = 1; i < inner->input_count; i++)
        if (!graph_value_constant(g, inner->inputs[i]))
            return NULL;
    return inner;
}

/* (x * s + t) * s' + t' = x * (s * s') + (t * s' + t'), and the same for a bias or a scale before
 * the affine. */
static value_id affine_of_affine(struct graph *g, const struct node *n)
{
    value_id s = n->inputs[1], t = n->inputs[2];
    if (!graph_value_constant(g, s) || !graph_value_constant(g, t))
        return VALUE_NONE;
    const struct node *found;
    if ((found = constant_inner(g, n, OP_channel_affine))) {
        const struct node in = *found;
        value_id scale = rewrite_op(g, n, OP_scale_weight, NULL, in.inputs[1], s);
        value_id shift = rewrite_op(g, n, OP_bias_affine, NULL, in.inputs[2], s, t);
        return rewrite_op(g, n, OP_channel_affine, NULL, in.inputs[0], scale, shift);
    }
    if ((found = constant_inner(g, n, OP_bias_add))) {
        const struct node in = *found;
        value_id shift = rewrite_op(g, n, OP_bias_affine, NULL, in.inputs[1], s, t);
        return rewrite_op(g, n, OP_channel_affine, NULL, in.inputs[0], s, shift);
    }
    if ((found = constant_inner(g, n, OP_channel_scale))) {
        const struct node in = *found;
        value_id scale = rewrite_op(g, n, OP_scale_weight, NULL, in.inputs[1], s);
        return rewrite_op(g, n, OP_channel_affine, NULL, in.inputs[0], scale, t);
    }
    return VALUE_NONE;
}

/* (x * s) * s' = x * (s * s'). */
static value_id scale_of_scale(struct graph *g, const struct node *n)
{
    const struct node *found = constant_inner(g, n, OP_channel_scale);
    if (!found || !graph_value_constant(g, n->inputs[1]))
        return VALUE_NONE;
    const struct node in = *found;
    value_id scale = rewrite_op(g, n, OP_scale_weight, NULL, in.inputs[1], n->inputs[1]);
    return rewrite_op(g, n, OP_channel_scale, NULL, in.inputs[0], scale);
}

/* ---- views and pools ---- */

static value_id constant_like(struct graph *g, const struct node *n, double value)
{
    const value_id v = graph_constant(g, value, n->type);
    graph_node(g, v)->span = n->span;
    return v;
}

/* A view that changes nothing is its operand; one of a constant is a constant; a view of a view is one view of the first
 * operand. */
static value_id view_of_view(struct graph *g, const struct node *n)
{
    if (shape_equal(&n->type.shape, graph_shape(g, n->inputs[0])))
        return n->inputs[0];
    const struct node *inner = rewrite_match(g, n->inputs[0], OP_constant);
    if (inner)
        return constant_like(g, n, inner->attrs->value);
    inner = rewrite_match(g, n->inputs[0], OP_reshape);
    if (!inner)
        inner = rewrite_match(g, n->inputs[0], OP_flatten);
    if (!inner)
        return VALUE_NONE;
    value_id from = inner->inputs[0];
    if (shape_equal(&n->type.shape, graph_shape(g, from)))
        return from;
    if (n->op == OP_flatten && graph_shape(g, from)->rank == 4)
        return rewrite_op(g, n, OP_flatten, NULL, from);
    struct attrs a = {.shape = n->type.shape};
    return rewrite_op(g, n, OP_reshape, &a, from);
}

/* A window of one pixel at stride 1 without padding. */
static value_id pool_of_one(struct graph *g, const struct node *n)
{
    (void)g;
    const struct attrs *a = n->attrs;
    bool one = a->kernel[0] == 1 && a->kernel[1] == 1 && a->stride[0] == 1 && a->stride[1] == 1;
    for (int i = 0; i < 4; i++)
        one = one && a->padding[i] == 0;
    return one ? n->inputs[0] : VALUE_NONE;
}

/* The mean over one pixel, and its gradient. */
static value_id mean_of_one(struct graph *g, const struct node *n)
{
    return shape_equal(&n->type.shape, graph_shape(g, n->inputs[0])) ? n->inputs[0] : VALUE_NONE;
}

/* ---- draws ---- */

/* With probability 0 nothing is dropped. */
static value_id drop_nothing(struct graph *g, const struct node *n)
{
    (void)g;
    return n->attrs->p > 0 ? VALUE_NONE : n->inputs[0];
}

static const struct rule rules[] = {
    {OP_relu, relu_again},
    {OP_relu6, relu6_again},
    {OP_add, add_zero},
    {OP_bias_add, bias_zero},
    {OP_channel_affine, affine_of_affine},
    {OP_channel_scale, scale_of_scale},
    {OP_reshape, view_of_view},
    {OP_flatten, view_of_view},
    {OP_max_pool, pool_of_one},
    {OP_global_avg_pool, mean_of_one},
    {OP_global_avg_pool_grad, mean_of_one},
    {OP_dropout, drop_nothing},
    {OP_dropout2d, drop_nothing},
    {OP_drop_path, drop_nothing},
};

static bool apply_rules(struct graph *g, value_id v)
{
    for (uint32_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
        if (!rewrite_match(g, v, rules[r].op))
            continue;
        struct node n = *graph_node(g, v);
        value_id to = rules[r].apply(g, &n);
        if (!value_valid(to))
            continue;
        rewrite_replace(g, v, to);
        return true;
    }
    return false;
}

/* Kills what lost its last reader, so that the rules' single-reader guards see true counts. */
static void drop_unread(struct graph *g)
{
    for (uint32_t i = g->nodes.len; i-- > 0;) {
        const struct node *n = &g->nodes.at[i];
        enum op_class cls = op_info(n->op)->cls;
        if (!n->dead && cls != OP_CLASS_EFFECT && cls != OP_CLASS_LEAF &&
            graph_use_count(g, (value_id){i}) == 0)
            graph_kill(g, (value_id){i});
    }
}

bool pass_simplify(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g) {
        for (bool again = true; again;) {
            again = false;
            for (uint32_t i = 0; i < g->nodes.len; i++)
                again |= apply_rules(g, (value_id){i});
            changed |= again;
            if (again) {
                drop_unread(g);
                graph_sort(g);
            }
        }
    }
    rewrite_done(c, changed);
    return true;
}
