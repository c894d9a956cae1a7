/* collapse: values of ranks that no kernel sweeps are computed and updated as the vectors of their elements.
 *
 * Expects    backward has run, so that the sums of gradients and the updates are there
 * Changes    nodes   element-wise y = op(x, ...) of [N,a,b,...] becomes y = reshape(op(reshape(x), ...)) over [N,K], of [N] over
 *                    [N,1], without a batch over [K]. Such an op knows no channels: all of its operands are of one shape, or
 *                    scalars. Its steps become nodes. simplify leaves no view between two of them
 *            states  [a,b,c] becomes [K]: the same elements in the same order, the shape in files stays. Updates write the
 *                    vector, everything else reads it through a view
 * Guarantees element-wise nodes and f32 states are of a rank that kernels sweep: activations [N,C] or [N,C,H,W], and values
 *            without a batch of rank 0, 1, 2 or 4 */
#include "op.h"
#include "rewrite.h"

struct collapse {
    struct arena *scratch;
    struct graph *g;
    const struct shape *old; /* by state: its shape before, of rank 0 if it stays */
    value_id *view;          /* by state: its value in that shape, once something reads it */
    bool changed;
};

/* Whether kernels sweep values of a shape as they are. */
static bool is_swept(const struct shape *s)
{
    return s->rank == 2 || s->rank == 4 || (s->rank < 2 && !shape_batched(s));
}

static struct shape vector_of(const struct shape *s)
{
    return shape_batched(s) ? shape_2d(DIM_BATCH, shape_elements(s, 1))
                            : shape_1d(shape_elements(s, 1));
}

static value_id reshaped(struct graph *g, const struct node *like, value_id v,
                         const struct shape *shape)
{
    struct attrs a = {.shape = *shape};
    return rewrite_op(g, like, OP_reshape, &a, v);
}

/* ---- states ---- */

/* Makes vectors of states; their shapes before. */
static const struct shape *collapse_states(struct arena *scratch, struct program *p, bool *changed)
{
    struct shape *old = arena_array(scratch, struct shape, p->states.len + 1);
    for (uint32_t i = 0; i < p->states.len; i++) {
        struct type *t = &p->states.at[i].type;
        if (t->dtype != FTMRT_F32 || is_swept(&t->shape))
            continue;
        old[i] = t->shape;
        t->shape = vector_of(&t->shape);
        *changed = true;
    }
    return old;
}

static bool is_vector_now(const struct collapse *c, value_id v)
{
    const struct node *n = graph_node(c->g, v);
    return n->op == OP_state && c->old[n->attrs->state].rank > 0;
}

/* The view of a state that has become a vector. */
static value_id as_before(struct collapse *c, value_id v)
{
    const struct node leaf = *graph_node(c->g, v);
    value_id *view = &c->view[leaf.attrs->state];
    if (!value_valid(*view))
        *view = reshaped(c->g, &leaf, v, &c->old[leaf.attrs->state]);
    return *view;
}

/* An effect keeps its states; what else was of their shape becomes a vector, too. */
static void collapse_effect(struct collapse *c, value_id v)
{
    const struct node n = *graph_node(c->g, v);
    const uint32_t written = op_first_written(n.op);
    const struct state *s = rewrite_state(c->g, n.inputs[written]);
    if (shape_equal(&n.type.shape, &s->type.shape))
        return;
    for (uint32_t i = 0; i < n.input_count; i++)
        if (op_operand(n.op, i) == 't' && !rewrite_state(c->g, n.inputs[i]))
            graph_set_input(c->g, v, i, reshaped(c->g, &n, n.inputs[i], &s->type.shape));
    graph_node(c->g, v)->type.shape = s->type.shape;
}

static void read_states(struct collapse *c, value_id v)
{
    const struct node n = *graph_node(c->g, v);
    if (n.op == OP_state)
        graph_node(c->g, v)->type.shape = c->g->program->states.at[n.attrs->state].type.shape;
    else if (op_info(n.op)->cls == OP_CLASS_EFFECT)
        collapse_effect(c, v);
    else
        for (uint32_t i = 0; i < n.input_count; i++)
            if (is_vector_now(c, n.inputs[i]))
                graph_set_input(c->g, v, i, as_before(c, n.inputs[i]));
}

/* ---- nodes ---- */

/* Operands of the node's shape as vectors; scalars stay. */
static value_id *collapsed_operands(struct collapse *c, const struct node *n)
{
    const struct shape vector = vector_of(&n->type.shape);
    value_id *inputs = arena_array(c->scratch, value_id, n->input_count);
    for (uint32_t i = 0; i < n->input_count; i++) {
        const bool scalar = graph_shape(c->g, n->inputs[i])->rank == 0;
        inputs[i] = scalar ? n->inputs[i] : reshaped(c->g, n, n->inputs[i], &vector);
    }
    return inputs;
}

/* The node and its steps, one node each; operand 0 of a step is what came before it. */
static value_id apart(struct graph *g, const struct node *n, value_id *inputs)
{
    uint32_t used = node_anchor_inputs(n);
    value_id y = rewrite_op_(g, n, n->op, n->attrs, inputs, used);
    for (uint32_t i = 0; i < n->step_count; i++) {
        inputs[used - 1] = y;
        y = rewrite_op_(g, n, n->steps[i].op, n->steps[i].attrs, inputs + used - 1,
                        n->steps[i].extra + 1);
        used += n->steps[i].extra;
    }
    return y;
}

static bool is_collapsed(const struct node *n)
{
    return op_info(n->op)->cls != OP_CLASS_ELEMWISE || is_swept(&n->type.shape);
}

static void collapse_node(struct collapse *c, value_id v)
{
    const struct node n = *graph_node(c->g, v);
    if (is_collapsed(&n))
        return;
    const value_id y = apart(c->g, &n, collapsed_operands(c, &n));
    rewrite_replace(c->g, v, reshaped(c->g, &n, y, &n.type.shape));
    c->changed = true;
}

static void collapse_function(struct collapse *c)
{
    const uint32_t count = c->g->nodes.len, states = c->g->program->states.len;
    c->view = arena_array(c->scratch, value_id, states + 1);
    for (uint32_t i = 0; i < states; i++)
        c->view[i] = VALUE_NONE;
    for (uint32_t i = 0; i < count; i++)
        if (!c->g->nodes.at[i].dead)
            read_states(c, (value_id){i});
    for (uint32_t i = 0; i < c->g->outputs.len; i++)
        if (is_vector_now(c, c->g->outputs.at[i].value))
            graph_set_output(c->g, i, as_before(c, c->g->outputs.at[i].value));
    for (uint32_t i = 0; i < count; i++)
        if (!c->g->nodes.at[i].dead)
            collapse_node(c, (value_id){i});
}

bool property_collapsed(const struct graph *g, value_id v)
{
    return is_collapsed(graph_node(g, v));
}

bool pass_collapse(struct pass_context *context)
{
    struct collapse c = {.scratch = context->scratch};
    c.old = collapse_states(c.scratch, context->program, &c.changed);
    for_functions (context, g) {
        c.g = g;
        collapse_function(&c);
    }
    rewrite_done(context, c.changed);
    return true;
}
