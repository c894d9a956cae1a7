/* dce: what nothing reads goes.
 *
 * Expects    nodes in execution order
 * Changes    nodes that no output and no effect reads, directly or not, are removed. Inputs stay:
 *            they are the function's signature. States stay: they are the program's state dict
 * Guarantees every remaining node other than an input matters
 *
 * One walk backwards: when a node is reached, all its readers have been. */
#include "op.h"
#include "rewrite.h"

static bool remove_unread(struct pass_context *c, struct graph *g)
{
    bool changed = false;
    bool *live = arena_array(c->scratch, bool, g->nodes.len);
    for (uint32_t i = 0; i < g->outputs.len; i++)
        live[g->outputs.at[i].value.i] = true;
    for (uint32_t i = g->nodes.len; i-- > 0;) {
        const struct node *n = &g->nodes.at[i];
        if (n->dead)
            continue;
        live[i] |= n->op == OP_input || op_info(n->op)->cls == OP_CLASS_EFFECT;
        if (live[i]) {
            for (uint32_t j = 0; j < n->input_count; j++)
                live[n->inputs[j].i] = true;
        } else {
            graph_kill(g, (value_id){i});
            changed = true;
        }
    }
    return changed;
}

bool pass_dce(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g) {
        graph_sort(g);
        changed |= remove_unread(c, g);
    }
    rewrite_done(c, changed);
    return true;
}
