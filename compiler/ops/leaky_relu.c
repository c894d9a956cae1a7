/* y = x where x is positive, else negative_slope x, and its gradient. */
#include "eval_support.h"
#include "rules.h"

void eval_leaky_relu(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i];
        e->out.data[i] = x > 0 ? x : x * e->attrs->negative_slope;
    }
}

void grad_leaky_relu(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_leaky_relu_grad, a, g->dy, grad_in(g, 0)));
}

/* a where x is positive, else negative_slope a. */
static emit_value emit_leak(struct emit *e, emit_value x, emit_value a, const struct attrs *attrs)
{
    emit_value below = lanes_mul(e, a, lanes_const(e, attrs->negative_slope));
    return lanes_select_gt(e, x, lanes_const(e, 0), a, below);
}

emit_value emit_leaky_relu(struct emit *e, const struct attrs *attrs)
{
    emit_value x = lanes_in(e, 0, 0);
    return emit_leak(e, x, x, attrs);
}

void eval_leaky_relu_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double dy = e->in[0].data[i];
        e->out.data[i] = e->in[1].data[i] > 0 ? dy : dy * e->attrs->negative_slope;
    }
}

emit_value emit_leaky_relu_grad(struct emit *e, const struct attrs *attrs)
{
    return emit_leak(e, lanes_in(e, 1, 0), lanes_in(e, 0, 0), attrs);
}
