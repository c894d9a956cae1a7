/* y = min(max(x, min_val), max_val), and its gradient, which is 0 at both kinks and at NaN. */
#include "eval_support.h"
#include "rules.h"

void eval_hardtanh(struct eval *e)
{
    double least = e->attrs->min_val, most = e->attrs->max_val;
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i], y = x < least ? least : x;
        e->out.data[i] = y > most ? most : y;
    }
}

void grad_hardtanh(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_hardtanh_grad, a, g->dy, grad_in(g, 0)));
}

emit_value emit_hardtanh(struct emit *e, const struct attrs *attrs)
{
    emit_value y = lanes_max(e, lanes_in(e, 0, 0), lanes_const(e, attrs->min_val));
    return lanes_min(e, y, lanes_const(e, attrs->max_val));
}

void eval_hardtanh_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[1].data[i];
        bool inside = x > e->attrs->min_val && x < e->attrs->max_val;
        e->out.data[i] = inside ? e->in[0].data[i] : 0;
    }
}

emit_value emit_hardtanh_grad(struct emit *e, const struct attrs *attrs)
{
    emit_value x = lanes_in(e, 1, 0), zero = lanes_const(e, 0);
    emit_value most = lanes_const(e, attrs->max_val);
    emit_value below = lanes_select_gt(e, most, x, lanes_in(e, 0, 0), zero);
    return lanes_select_gt(e, x, lanes_const(e, attrs->min_val), below, zero);
}
