/* Evaluates node by node with the ops' reference rules. Every value gets a tensor of its own and
 * states are read as copies, so that effects (which write the interpreter's states) never change a
 * value. Layouts play no part here. */
#include "interp.h"

#include <string.h>

#include "query.h"

struct interp *interp_new(struct arena *arena, const struct program *p)
{
    struct interp *in = arena_new(arena, struct interp);
    in->arena = arena;
    in->program = p;
    in->states = arena_array(arena, struct tensor, p->states.len);
    for (uint32_t i = 0; i < p->states.len; i++) {
        in->states[i].shape = p->states.at[i].type.shape;
        in->states[i].data = arena_array(arena, double, shape_elements(&in->states[i].shape, 1));
    }
    return in;
}

void interp_set_state(struct interp *in, uint32_t state, const void *data)
{
    const struct type *t = &in->program->states.at[state].type;
    int64_t count = shape_elements(&t->shape, 1);
    for (int64_t i = 0; i < count; i++)
        in->states[state].data[i] = ftmrt_load_double(t->dtype, data, i);
}

struct run {
    struct interp *interp;
    struct arena *arena;
    const struct graph *graph;
    int64_t n;
    struct tensor *values; /* by value id */
};

static struct tensor new_tensor(struct run *r, struct shape shape)
{
    if (shape_batched(&shape))
        shape.dim[0] = r->n;
    return (struct tensor){shape, arena_array(r->arena, double, shape_elements(&shape, r->n))};
}

static struct tensor copy_tensor(struct run *r, const struct tensor *t)
{
    struct tensor copy = new_tensor(r, t->shape);
    memcpy(copy.data, t->data, (size_t)shape_elements(&t->shape, r->n) * sizeof(double));
    return copy;
}

/* The node proper, without its steps. */
static struct tensor eval_anchor(struct run *r, const struct node *n)
{
    const struct op_info *info = op_info(n->op);
    uint32_t count = node_anchor_inputs(n);
    struct tensor *operands = arena_array(r->arena, struct tensor, count);
    struct tensor **states = arena_array(r->arena, struct tensor *, count);
    struct eval e = {.graph = r->graph,
                     .attrs = n->attrs,
                     .inputs = n->inputs,
                     .in = operands,
                     .state = states,
                     .n = r->n,
                     .keys = r->interp->keys};
    for (uint32_t i = 0; i < count; i++) {
        const struct node *operand = graph_node(r->graph, n->inputs[i]);
        operands[i] = r->values[n->inputs[i].i];
        if (info->cls == OP_CLASS_EFFECT && operand->op == OP_state)
            states[i] = &r->interp->states[operand->attrs->state];
    }
    e.out = new_tensor(r, n->type.shape); /* steps keep the shape of their first operand */
    info->eval(&e);
    return e.out;
}

static struct tensor eval_steps(struct run *r, const struct node *n, struct tensor value)
{
    uint32_t next = node_anchor_inputs(n);
    for (uint32_t s = 0; s < n->step_count; s++) {
        struct tensor *operands = arena_array(r->arena, struct tensor, 1 + n->steps[s].extra);
        struct eval e = {.graph = r->graph,
                         .attrs = n->steps[s].attrs,
                         .in = operands,
                         .n = r->n,
                         .keys = r->interp->keys};
        operands[0] = value;
        for (uint32_t i = 0; i < n->steps[s].extra; i++)
            operands[i + 1] = r->values[n->inputs[next++].i];
        e.out = new_tensor(r, value.shape);
        op_info(n->steps[s].op)->eval(&e);
        value = e.out;
    }
    return value;
}

static void compute(struct run *r, const struct node *n, struct tensor *value)
{
    *value = eval_steps(r, n, eval_anchor(r, n));
    if (r->interp->computed)
        r->interp->computed(r->interp->context, n, value);
}

void interp_run(struct interp *in, struct arena *arena, const struct graph *g, int64_t n,
                const struct tensor *inputs, struct tensor *outputs, struct tensor **values)
{
    struct run r = {in, arena, g, n, arena_array(arena, struct tensor, g->nodes.len)};
    uint32_t next_input = 0;
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *node = &g->nodes.at[i];
        if (node->dead)
            continue;
        if (node->op == OP_input)
            r.values[i] = copy_tensor(&r, &inputs[next_input++]);
        else if (node->op == OP_state)
            r.values[i] = copy_tensor(&r, &in->states[node->attrs->state]);
        else
            compute(&r, node, &r.values[i]);
    }
    for (uint32_t i = 0; i < g->outputs.len; i++)
        outputs[i] = copy_tensor(&r, &r.values[g->outputs.at[i].value.i]);
    if (values)
        *values = r.values;
}
