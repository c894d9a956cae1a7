/* The factor of a batch norm that uses stored statistics. The variance is a running statistic,
 * never trained, so only the weight has a gradient. */
#include "derived.h"
#include "rules.h"

void eval_bn_scale(struct eval *e) { eval_derived(e, FTMRT_DERIVE_BN_SCALE, 2); }

void grad_bn_scale(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    struct attrs eps = {.eps = a->eps};
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0,
                        graph_op(g->graph, OP_bn_scale_grad_weight, &eps, g->dy, grad_in(g, 1)));
}

emit_value emit_bn_scale(struct emit *e, const struct attrs *attrs)
{
    emit_value var = lanes_add(e, lanes_in(e, 1, 0), lanes_const(e, attrs->eps));
    return lanes_div(e, lanes_in(e, 0, 0), lanes_sqrt(e, var));
}
