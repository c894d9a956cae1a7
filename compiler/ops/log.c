/* The natural logarithm, -infinity at 0 and NaN below; its gradient is dy / x. */
#include "eval_support.h"
#include "rules.h"

void eval_log(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = log(e->in[0].data[i]);
}

void grad_log(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_div, NULL, g->dy, grad_in(g, 0)));
}

/* lanes_log wants a positive number that is not infinite; where it does not get one, NaN has to stay NaN. */
emit_value emit_log(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value x = lanes_in(e, 0, 0), zero = lanes_const(e, 0);
    emit_value low = lanes_const(e, -INFINITY), high = lanes_const(e, INFINITY);
    emit_value rest = lanes_select_gt(e, zero, x, lanes_const(e, NAN), lanes_add(e, low, x));
    emit_value finite = lanes_select_gt(e, high, x, lanes_log(e, x), x);
    return lanes_select_gt(e, x, zero, finite, rest);
}
