/* The factor that brings gradients to a norm, of which x is the square (torch.nn.utils.clip_grad_norm_):
 *
 *     y = min(1, max_norm / (sqrt(x) + 1e-6))
 *
 * and how gradients are clipped with it, or each element by itself (clip_grad_value_). */
#include "clip.h"
#include "eval_support.h"
#include "rules.h"

/* What PyTorch adds to the norm. */
static const double small = 1e-6;

void eval_clip_scale(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double scale = e->attrs->max_norm / (sqrt(e->in[0].data[i]) + small);
        e->out.data[i] = scale > 1 ? 1 : scale;
    }
}

emit_value emit_clip_scale(struct emit *e, const struct attrs *attrs)
{
    emit_value norm = lanes_add(e, lanes_sqrt(e, lanes_in(e, 0, 0)), lanes_const(e, small));
    return lanes_min(e, lanes_div(e, lanes_const(e, attrs->max_norm), norm), lanes_const(e, 1));
}

value_id clip_squares(struct graph *g, value_id grad)
{
    return graph_op(g, OP_square_sum, NULL, grad);
}

value_id clip_factor(struct graph *g, value_id squares, double max_norm)
{
    return graph_op(g, OP_clip_scale, &(struct attrs){.max_norm = max_norm}, squares);
}

value_id clip_times(struct graph *g, value_id grad, value_id factor)
{
    return graph_op(g, OP_mul, NULL, grad, factor);
}

value_id clip_range(struct graph *g, value_id grad, double most)
{
    const struct attrs range = {.min_val = -most, .max_val = most};
    return graph_op(g, OP_hardtanh, &range, grad);
}
