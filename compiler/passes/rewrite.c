/* Helpers of the passes: see rewrite.h. */
#include "rewrite.h"

value_id rewrite_op_(struct graph *g, const struct node *like, enum op op,
                     const struct attrs *attrs, const value_id *inputs, uint32_t count)
{
    value_id v = graph_op_(g, op, attrs, inputs, count);
    graph_node(g, v)->name = like->name;
    graph_node(g, v)->span = like->span;
    return v;
}

void rewrite_replace(struct graph *g, value_id from, value_id to)
{
    graph_replace_uses(g, from, to, VALUE_NONE);
    graph_kill(g, from);
}

void rewrite_done(struct pass_context *c, bool changed)
{
    if (!changed)
        return;
    c->changed = true;
    for_functions (c, g)
        graph_sort(g);
}

struct node *rewrite_match(const struct graph *g, value_id v, enum op op)
{
    struct node *n = graph_node(g, v);
    return n->op == op && !n->dead ? n : NULL;
}

struct state *rewrite_state(const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    return n->op == OP_state ? &g->program->states.at[n->attrs->state] : NULL;
}
