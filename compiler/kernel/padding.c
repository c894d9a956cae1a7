/* Where lanes past the last channel have to be masked: see padding.h. */
#include "padding.h"

#include "op.h"

/* Whether an operand is zero in the lanes past the result's last channel: not a scalar, nor what is
 * the same for all channels. */
static bool operand_is_padded(const struct graph *g, value_id operand, const struct shape *result)
{
    const struct shape *s = graph_shape(g, operand);
    if (s->rank == 0 || graph_node(g, operand)->op == OP_constant)
        return false;
    return s->rank < 2 || result->rank != s->rank || s->dim[1] == result->dim[1];
}

static bool op_stays_zero(const struct graph *g, const struct node *n, enum op op,
                          const struct attrs *attrs, const value_id *operands, uint32_t count)
{
    if (!op_keeps_zero(op, attrs))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!operand_is_padded(g, operands[i], &n->type.shape))
            return false;
    return true;
}

bool padding_stays_zero(const struct graph *g, const struct node *n)
{
    uint32_t at = node_anchor_inputs(n);
    if (op_info(n->op)->cls == OP_CLASS_ELEMWISE &&
        !op_stays_zero(g, n, n->op, n->attrs, n->inputs, at))
        return false;
    for (uint32_t i = 0; i < n->step_count; at += n->steps[i].extra, i++)
        if (!op_stays_zero(g, n, n->steps[i].op, n->steps[i].attrs, n->inputs + at,
                           n->steps[i].extra))
            return false;
    return true;
}

bool padding_masked(const struct graph *g, const struct node *n)
{
    bool whole = n->form.layout == FTMRT_LAYOUT_BLOCKED && n->type.shape.dim[1] % FTMRT_CB == 0;
    return !whole && !padding_stays_zero(g, n);
}
