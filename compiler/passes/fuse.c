/* fuse: an element-wise node becomes a step of the node before it, whose kernel applies it to
 * values still in registers.
 *
 * Expects    layout has run
 * Changes    for each element-wise node, in order: if its first operand (or, of one whose operands may be exchanged, either;
 *            the one computed later is preferred, so that the other is surely there) is made by a
 *            node that can take steps, is read by nothing else, and has the node's shape and
 *            layout, then that node moves here with one more step. Further operands become extra
 *            operands. Chains grow step by step: convolution, bias, residual, rectifier
 * Guarantees interpret(before) = interpret(after); at most FUSED_MAX_STEPS steps and
 *            FUSED_MAX_INPUTS operands
 *
 * Which kernels take steps is one of their facts (kernel/facts.h). The merged node stands where the element-wise one
 * stood: all its operands come before it. */
#include "facts.h"
#include "op.h"
#include "query.h"
#include "rewrite.h"

static bool commutative(const struct node *n)
{
    return (op_info(n->op)->flags & OP_COMM) && n->step_count == 0;
}

/* Whether n can become a step behind its operand i. */
static bool can_fuse(const struct graph *g, const struct node *n, uint32_t i)
{
    value_id v = n->inputs[i];
    const struct node *p = graph_node(g, v);
    if (p->dead || !kernel_takes_steps(g, p) || graph_value_constant(g, v))
        return false;
    if (!form_equal(p->form, n->form) || p->form.layout == FTMRT_LAYOUT_PLAIN ||
        !type_equal(&p->type, &n->type))
        return false;
    return p->step_count < FUSED_MAX_STEPS &&
           p->input_count + n->input_count - 1 <= FUSED_MAX_INPUTS && graph_use_count(g, v) == 1;
}

/* The operand to fuse behind, or UINT32_MAX. */
static uint32_t choose_operand(const struct graph *g, const struct node *n)
{
    uint32_t first = 0, second = 0;
    if (commutative(n)) {
        first = n->inputs[1].i > n->inputs[0].i;
        second = 1 - first;
    }
    if (can_fuse(g, n, first))
        return first;
    return second != first && can_fuse(g, n, second) ? second : UINT32_MAX;
}

/* Makes the node at v its producer with v's operation as a last step. */
static void fuse_behind(struct graph *g, value_id v, uint32_t operand)
{
    const struct node *n = graph_node(g, v);
    value_id from = n->inputs[operand];
    struct node merged = *graph_node(g, from);
    value_id inputs[FUSED_MAX_INPUTS];
    struct step steps[FUSED_MAX_STEPS];
    for (uint32_t i = 0; i < merged.input_count; i++)
        inputs[i] = merged.inputs[i];
    for (uint32_t i = 0; i < merged.step_count; i++)
        steps[i] = merged.steps[i];
    steps[merged.step_count++] =
        (struct step){.op = n->op, .extra = n->input_count - 1, .attrs = n->attrs};
    for (uint32_t i = 0; i < n->input_count; i++)
        if (i != operand)
            inputs[merged.input_count++] = n->inputs[i];
    merged.inputs = inputs;
    merged.steps = steps;
    graph_set_node(g, v, &merged);
    graph_kill(g, from);
}

bool pass_fuse(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g) {
        graph_sort(g);
        for (uint32_t i = 0; i < g->nodes.len; i++) {
            const struct node *n = &g->nodes.at[i];
            if (n->dead || n->step_count || op_info(n->op)->cls != OP_CLASS_ELEMWISE ||
                graph_value_constant(g, (value_id){i}))
                continue;
            uint32_t operand = choose_operand(g, n);
            if (operand == UINT32_MAX)
                continue;
            fuse_behind(g, (value_id){i}, operand);
            changed = true;
        }
    }
    rewrite_done(c, changed);
    return true;
}
