/* x to a power that is known: whole ones up to 64 by multiplications, halves by the square root, others as e^(exponent log x),
 * NaN below 0; 0, infinity and NaN as IEEE 754's pow. The gradient is dy exponent x^(exponent - 1). */
#include "elementary.h"
#include "eval_support.h"
#include "rules.h"

static const double whole_max = 64;

static double power(double x, double exponent)
{
    if (fabs(exponent) == 0.5)
        return exponent > 0 ? sqrt(x) : 1 / sqrt(x);
    return pow(x, exponent);
}

void eval_pow(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = power(e->in[0].data[i], e->attrs->exponent);
}

void grad_pow(struct grad *g)
{
    const double exponent = graph_node(g->graph, g->node)->attrs->exponent;
    const struct attrs below = {.exponent = exponent - 1};
    if (!grad_wanted(g, 0))
        return;
    value_id slope = graph_op(g->graph, OP_pow, &below, grad_in(g, 0));
    value_id dx = graph_op(g->graph, OP_mul, NULL, g->dy, slope);
    if (exponent == 0)
        dx = graph_constant(g->graph, 0, graph_node(g->graph, g->dy)->type);
    grad_accumulate(g, 0, scalar_times(g->graph, dx, exponent == 0 ? 1 : exponent));
}

/* x to a whole power from 0 on, by squares. */
static emit_value emit_whole(struct emit *e, emit_value x, int64_t n)
{
    emit_value y = lanes_const(e, 1);
    for (bool first = true; n > 0; n /= 2) {
        if (n % 2 == 1)
            y = first ? x : lanes_mul(e, y, x);
        first = first && n % 2 == 0;
        x = n > 1 ? lanes_mul(e, x, x) : x;
    }
    return y;
}

/* Any other power. The logarithm wants a positive number that is not infinite. */
static emit_value emit_any(struct emit *e, emit_value x, double exponent)
{
    const double at_zero = exponent > 0 ? 0 : INFINITY, at_infinity = exponent > 0 ? INFINITY : 0;
    emit_value zero = lanes_const(e, 0), infinite = lanes_const(e, INFINITY);
    emit_value y = emit_whole_exp(e, lanes_mul(e, lanes_log(e, x), lanes_const(e, exponent)));
    emit_value rest =
        lanes_select_gt(e, zero, x, lanes_const(e, NAN), x); /* of 0 and NaN: itself */
    rest = lanes_select_ge(e, rest, zero, lanes_const(e, at_zero), rest);
    y = lanes_select_gt(e, x, zero, y, rest);
    return lanes_select_ge(e, lanes_abs(e, x), infinite, lanes_const(e, at_infinity), y);
}

emit_value emit_pow(struct emit *e, const struct attrs *attrs)
{
    emit_value x = lanes_in(e, 0, 0), one = lanes_const(e, 1);
    const double size = fabs(attrs->exponent);
    const bool under = attrs->exponent < 0;
    emit_value y;
    if (size == floor(size) && size <= whole_max)
        y = emit_whole(e, x, (int64_t)size);
    else if (size == 0.5)
        y = lanes_sqrt(e, x);
    else
        return emit_any(e, x, attrs->exponent);
    return under ? lanes_div(e, one, y) : y;
}
