/* canonicalize: one form for what can be written in several, so that kernels need know
 * convolutions only.
 *
 * Expects    any program before decompose
 * Changes    linear of a map becomes a convolution of 1 x 1; linear(flatten(x), w) becomes flatten(conv2d(x, w)) with a kernel that covers the
 *            map; a linear over [N,K] first sees it as [N,K,1,1]. flatten sinks below element-wise
 *            nodes, batch norms and into the loss, so that no view stands between an anchor and
 *            its epilogue. The weight states of linear take the convolution's shape [O,C,H,W]: the
 *            same elements in the same order, their shape in files stays [O,K]
 * Guarantees no linear is left; a flatten is read by outputs and by nodes that need the flat shape
 *            only
 *
 * For each value of shape [N,K] the pass knows the value of rank 4 that it is the flattening of.
 * Nodes are visited in order, so operands come first. */
#include "op.h"
#include "rewrite.h"

struct canonicalize {
    struct graph *g;
    struct arena *arena;
    VEC(value_id) four; /* by value id: the rank-4 value of the same elements, or VALUE_NONE */
    bool changed;
};

static value_id four_of(const struct canonicalize *c, value_id v)
{
    return v.i < c->four.len ? c->four.at[v.i] : VALUE_NONE;
}

static void set_four(struct canonicalize *c, value_id v, value_id four)
{
    while (c->four.len <= v.i)
        vec_push(c->arena, &c->four, VALUE_NONE);
    c->four.at[v.i] = four;
}

static bool is_flat(const struct graph *g, value_id v)
{
    const struct shape *s = graph_shape(g, v);
    return s->rank == 2 && shape_batched(s);
}

static bool one_pixel(const struct shape *s) { return s->dim[2] == 1 && s->dim[3] == 1; }

/* The rank-4 form of a value [N,K]: known, or [N,K,1,1] made by a view. */
static value_id make_four(struct canonicalize *c, const struct node *like, value_id v)
{
    value_id four = four_of(c, v);
    if (value_valid(four))
        return four;
    struct attrs a = {.shape = shape_4d(DIM_BATCH, graph_shape(c->g, v)->dim[1], 1, 1)};
    four = rewrite_op(c->g, like, OP_reshape, &a, v);
    set_four(c, v, four);
    return four;
}

/* Puts flatten(four) in the place of v. */
static void replace_by_flat(struct canonicalize *c, const struct node *like, value_id v,
                            value_id four)
{
    value_id flat = rewrite_op(c->g, like, OP_flatten, NULL, four);
    set_four(c, flat, four);
    rewrite_replace(c->g, v, flat);
    c->changed = true;
}

/* ---- weights ---- */

/* Whether every reader of a state in every function is the weight operand of a linear. */
static bool read_by_linear_only(const struct program *p, uint32_t state)
{
    for (uint32_t f = 0; f < p->functions.len; f++) {
        const struct graph *g = p->functions.at[f];
        value_id leaf = graph_find_state(g, state);
        if (!value_valid(leaf))
            continue;
        for_uses(g, leaf, u) if (u->user != USE_OUTPUT && !(g->nodes.at[u->user].op == OP_linear &&
                                                            u->operand == 1)) return false;
    }
    return true;
}

/* Gives a state another shape of the same elements, in all functions. */
static void reshape_state(struct program *p, uint32_t state, const struct shape *shape)
{
    p->states.at[state].type.shape = *shape;
    for (uint32_t f = 0; f < p->functions.len; f++) {
        struct graph *g = p->functions.at[f];
        value_id leaf = graph_find_state(g, state);
        if (value_valid(leaf))
            graph_node(g, leaf)->type.shape = *shape;
    }
}

/* The weight of a linear as a kernel of the given shape: the state reshaped if nothing else reads
 * it, else a view. */
static value_id kernel_of(struct canonicalize *c, const struct node *like, value_id w,
                          const struct shape *shape)
{
    const struct node *leaf = graph_node(c->g, w);
    if (shape_equal(&leaf->type.shape, shape))
        return w;
    if (leaf->op == OP_state && leaf->type.shape.rank == 2) {
        uint32_t state = leaf->attrs->state;
        if (read_by_linear_only(c->g->program, state)) {
            reshape_state(c->g->program, state, shape);
            return w;
        }
    }
    struct attrs a = {.shape = *shape};
    return rewrite_op(c->g, like, OP_reshape, &a, w);
}

/* ---- nodes ---- */

/* Of a map a convolution of 1 x 1. */
static void rewrite_linear_of_map(struct canonicalize *c, value_id v)
{
    struct node n = *graph_node(c->g, v);
    const struct shape *matrix = graph_shape(c->g, n.inputs[1]);
    const struct shape kernel = shape_4d(matrix->dim[0], matrix->dim[1], 1, 1);
    value_id w = kernel_of(c, &n, n.inputs[1], &kernel);
    struct attrs a = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    rewrite_replace(c->g, v, rewrite_op(c->g, &n, OP_conv2d, &a, n.inputs[0], w));
    c->changed = true;
}

static void rewrite_linear(struct canonicalize *c, value_id v)
{
    if (!is_flat(c->g, v)) {
        rewrite_linear_of_map(c, v);
        return;
    }
    struct node n = *graph_node(c->g, v);
    value_id x = make_four(c, &n, n.inputs[0]);
    const struct shape in = *graph_shape(c->g, x);
    struct shape kernel =
        shape_4d(graph_shape(c->g, n.inputs[1])->dim[0], in.dim[1], in.dim[2], in.dim[3]);
    value_id w = kernel_of(c, &n, n.inputs[1], &kernel);
    struct attrs a = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    replace_by_flat(c, &n, v, rewrite_op(c->g, &n, OP_conv2d, &a, x, w));
}

/* Whether some operand is channel-wise, so that flattening a map changes what the op means. */
static bool has_channel_operand(const struct graph *g, const struct node *n)
{
    for (uint32_t i = 1; i < n->input_count; i++)
        if (!is_flat(g, n->inputs[i]))
            return true;
    return false;
}

/* The shape of rank 4 that the node's flat operands share, or rank 0 if they do not agree. */
static struct shape common_four(const struct canonicalize *c, const struct node *n)
{
    struct shape common = shape_scalar();
    for (uint32_t i = 0; i < n->input_count; i++) {
        value_id four = four_of(c, n->inputs[i]);
        if (!value_valid(four))
            continue;
        const struct shape *s = graph_shape(c->g, four);
        if (common.rank && !shape_equal(&common, s))
            return shape_scalar();
        common = *s;
    }
    return common;
}

static void sink_flatten(struct canonicalize *c, value_id v)
{
    struct node n = *graph_node(c->g, v);
    struct shape common = common_four(c, &n);
    if (common.rank == 0 || (has_channel_operand(c->g, &n) && !one_pixel(&common)))
        return;
    value_id *inputs = arena_array(c->arena, value_id, n.input_count);
    for (uint32_t i = 0; i < n.input_count; i++) {
        inputs[i] = n.inputs[i];
        if (!is_flat(c->g, inputs[i]))
            continue;
        if (!value_valid(four_of(c, inputs[i])) && !one_pixel(&common))
            return;
        inputs[i] = make_four(c, &n, inputs[i]);
    }
    replace_by_flat(c, &n, v, rewrite_op_(c->g, &n, n.op, n.attrs, inputs, n.input_count));
}

static void loss_takes_map(struct canonicalize *c, value_id v)
{
    value_id four = four_of(c, graph_node(c->g, v)->inputs[0]);
    if (!value_valid(four) || !one_pixel(graph_shape(c->g, four)))
        return;
    graph_set_input(c->g, v, 0, four);
    c->changed = true;
}

/* Whether a node is a loss, or the gradient of one: of predictions and a label. What is made of a label keeps its shape. */
static bool takes_label(const struct node *n)
{
    return n->input_count >= 2 && n->step_count == 0 && op_operand(n->op, 1) == 'l' &&
           (n->type.shape.rank == 0 || op_operand(n->op, 2) == 'o');
}

static void visit(struct canonicalize *c, value_id v)
{
    const struct node *n = graph_node(c->g, v);
    if (n->dead)
        return;
    if (n->op == OP_flatten && graph_shape(c->g, n->inputs[0])->rank == 4)
        set_four(c, v, n->inputs[0]);
    else if (n->op == OP_linear)
        rewrite_linear(c, v);
    else if (takes_label(n))
        loss_takes_map(c, v);
    else if ((op_info(n->op)->cls == OP_CLASS_ELEMWISE || n->op == OP_batch_norm) &&
             is_flat(c->g, v) && is_flat(c->g, n->inputs[0]))
        sink_flatten(c, v);
}

bool property_canonical(const struct graph *g, value_id v)
{
    return graph_node(g, v)->op != OP_linear;
}

bool pass_canonicalize(struct pass_context *context)
{
    bool changed = false;
    for_functions (context, g) {
        struct canonicalize c = {.g = g, .arena = context->scratch};
        uint32_t count = g->nodes.len;
        for (uint32_t i = 0; i < count; i++)
            visit(&c, (value_id){i});
        changed |= c.changed;
    }
    rewrite_done(context, changed);
    return true;
}
