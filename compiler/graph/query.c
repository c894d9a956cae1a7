/* Equality of nodes and constness of values. */
#include "query.h"

#include "op.h"

bool node_steps_equal(const struct node *a, const struct node *b)
{
    if (a->step_count != b->step_count)
        return false;
    for (uint32_t i = 0; i < a->step_count; i++) {
        const struct step *x = &a->steps[i], *y = &b->steps[i];
        if (x->op != y->op || x->extra != y->extra || x->attrs != y->attrs)
            return false;
    }
    return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
    if (a->op != b->op || a->attrs != b->attrs || a->input_count != b->input_count ||
        !form_equal(a->form, b->form))
        return false;
    for (uint32_t i = 0; i < a->input_count; i++)
        if (!value_same(a->inputs[i], b->inputs[i]))
            return false;
    return type_equal(&a->type, &b->type) && node_steps_equal(a, b);
}

uint32_t node_parts(const struct graph *g, const struct node *n)
{
    struct type type;
    uint32_t count = 0;
    op_parts_fn *parts = op_parts(n->op);
    while (parts && parts(g, n, count, &type))
        count++;
    return count;
}

struct type node_part(const struct graph *g, const struct node *n, uint32_t part)
{
    struct type type;
    op_parts_fn *parts = op_parts(n->op);
    FTM_BUG_ON(!parts || !parts(g, n, part, &type), "%s has no result %u", op_info(n->op)->name,
               part);
    return type;
}

bool node_derivable(const struct graph *g, const struct node *n)
{
    if (!(op_info(n->op)->flags & OP_CONST) || n->step_count)
        return false;
    for (uint32_t i = 0; i < n->input_count; i++)
        if (op_operand(n->op, i) == 'b' && graph_node(g, n->inputs[i])->op != OP_constant &&
            !shape_equal(graph_shape(g, n->inputs[i]), &n->type.shape))
            return false;
    return true;
}

bool graph_value_constant(const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    if (n->op == OP_state)
        return state_constant(&g->program->states.at[n->attrs->state]);
    if (!node_derivable(g, n))
        return false;
    bool states = false; /* below it, or only numbers */
    for (uint32_t i = 0; i < n->input_count; i++) {
        if (graph_node(g, n->inputs[i])->op == OP_constant)
            continue;
        if (!graph_value_constant(g, n->inputs[i]))
            return false;
        states = true;
    }
    return states;
}
