/* y = e^x, with infinity and 0 where that leaves single precision; its gradient is dy y. */
#include "elementary.h"
#include "eval_support.h"
#include "rules.h"

void eval_exp(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = exp(e->in[0].data[i]);
}

void grad_exp(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_mul, NULL, g->dy, g->node));
}

emit_value emit_exp(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return emit_whole_exp(e, lanes_in(e, 0, 0));
}
