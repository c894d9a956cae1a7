/* What a gradient rule asks of the backward pass: its operands, which of them matter, and where a
 * gradient goes. */
#include "op.h"
#include "query.h"

value_id grad_in(const struct grad *g, uint32_t i)
{
    return graph_node(g->graph, g->node)->inputs[i];
}

bool grad_wanted(const struct grad *g, uint32_t i) { return g->wanted(g->state, grad_in(g, i)); }

void grad_accumulate(struct grad *g, uint32_t i, value_id dx)
{
    g->add(g->state, grad_in(g, i), dx);
}

void grad_accumulate_part(struct grad *g, uint32_t part, value_id dx)
{
    g->add_part(g->state, grad_in(g, 0), part, dx);
}

value_id grad_of_part(struct grad *g, uint32_t part)
{
    value_id dy = g->part(g->state, g->node, part);
    if (value_valid(dy))
        return dy;
    struct type type = node_part(g->graph, graph_node(g->graph, g->node), part);
    return graph_constant(g->graph, 0, type);
}
