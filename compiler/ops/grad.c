/* What a gradient rule asks of the backward pass: its operands, which of them matter, and where a
 * gradient goes. */
#include "op.h"

value_id grad_in(const struct grad *g, uint32_t i)
{
    return graph_node(g->graph, g->node)->inputs[i];
}

bool grad_wanted(const struct grad *g, uint32_t i) { return g->wanted(g->state, grad_in(g, i)); }

void grad_accumulate(struct grad *g, uint32_t i, value_id dx)
{
    g->add(g->state, grad_in(g, i), dx);
}
