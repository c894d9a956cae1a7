/* select: which of its op's kernels computes each node, and whether it can.
 *
 * Expects    no compound op is left
 * Changes    a node whose op has several kernels (kernel/kernel.def) gets the name of the cheapest
 *            that applies; a name that is there already, from a text, stays
 * Guarantees constants are read where their value may stand in the code; every node whose op has
 *            several kernels names one that applies to it. The choice follows
 *            from the geometry alone, so that layouts and memory are the same for all levels */
#include "facts.h"
#include "op.h"
#include "query.h"
#include "rewrite.h"

/* Whether the kernel that a text named can compute the node; reports if not. */
static bool check_variant(struct graph *g, const struct node *n)
{
    enum kernel_id id = kernel_by_variant(n->op, n->variant);
    const struct kernel_facts *f = kernel_facts(id);
    if (id != KERNEL_none && (!f->applies || f->applies(g, n)))
        return true;
    diag_report(g->program->diag, n->span, DIAG_GRAPH_KERNEL, op_info(n->op)->name, n->variant);
    return false;
}

static bool is_constant(const struct graph *g, value_id v)
{
    return graph_node(g, v)->op == OP_constant;
}

/* Whether no operand is a constant that the kernel would read from memory; reports if one is. */
static bool check_constants(struct graph *g, const struct node *n)
{
    for (uint32_t i = 0; i < n->input_count; i++) {
        if (!is_constant(g, n->inputs[i]) || kernel_takes_constant(g, n, i))
            continue;
        diag_report(g->program->diag, n->span, DIAG_GRAPH_CONSTANT,
                    arena_printf(g->program->arena, "operand %u of %s", (unsigned)i + 1,
                                 op_info(n->op)->name));
        return false;
    }
    return true;
}

static bool check_outputs(struct graph *g)
{
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        const struct named_value *o = &g->outputs.at[i];
        if (!is_constant(g, o->value))
            continue;
        diag_report(g->program->diag, graph_node(g, o->value)->span, DIAG_GRAPH_CONSTANT,
                    arena_printf(g->program->arena, "output '%s'", o->name));
        return false;
    }
    return true;
}

static bool select_kernels(struct pass_context *c, struct graph *g)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        struct node *n = &g->nodes.at[i];
        if (n->dead || graph_value_constant(g, (value_id){i}))
            continue;
        if ((n->variant && !check_variant(g, n)) || !check_constants(g, n))
            return false;
        const char *variant = kernel_variant(kernel_of(g, n));
        c->changed |= !n->variant && variant;
        n->variant = variant;
    }
    return true;
}

bool property_selected(const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    return n->variant || graph_value_constant(g, v) || !kernel_variant(kernel_of(g, n));
}

bool pass_select(struct pass_context *c)
{
    for_functions (c, g)
        if (!select_kernels(c, g) || !check_outputs(g))
            return false;
    return true;
}
