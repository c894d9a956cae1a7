/* The offset of a batch norm that uses stored statistics. The mean is a running statistic, never
 * trained. */
#include "derived.h"
#include "rules.h"

void eval_bn_shift(struct eval *e) { eval_derived(e, FTMRT_DERIVE_BN_SHIFT, 3); }

void grad_bn_shift(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, g->dy);
    if (grad_wanted(g, 2))
        grad_accumulate(g, 2, graph_op(g->graph, OP_neg_mul, NULL, g->dy, grad_in(g, 1)));
}

emit_value emit_bn_shift(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_sub(e, lanes_in(e, 0, 0), lanes_mul(e, lanes_in(e, 1, 0), lanes_in(e, 2, 0)));
}
