/* y = x P(x), P the distribution function of the standard normal distribution: (1 + erf(x / sqrt 2)) / 2.
 * `approximate` (PyTorch's approximate = "tanh") takes (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3)
 * in its place. The gradient is dx = dy (P + x P').
 *
 * P and P' are what they are at `settled` beyond it, to the last bit; there the gradient takes x to be that, so that
 * no square of it overflows: 0 times infinity.
 *
 * Source: D. Hendrycks, K. Gimpel, Gaussian Error Linear Units (GELUs), 2016. */
#include "eval_support.h"
#include "rules.h"

static const double root_2_pi = 0.79788456080286535588;      /* sqrt(2 / pi) */
static const double half_root_2_pi = 0.39894228040143267794; /* 1 / sqrt(2 pi) */
static const double root_half = 0.70710678118654752440, cubic = 0.044715;

static const double settled = 32;

static double up_to_settled(double x)
{
    return x < -settled ? -settled : x > settled ? settled : x;
}

static double share(double x, bool approximate)
{
    double u = root_2_pi * (x + cubic * x * x * x);
    return 0.5 * (1 + (approximate ? tanh(u) : erf(root_half * x)));
}

static double slope_of_share(double x, bool approximate)
{
    if (!approximate)
        return half_root_2_pi * exp(-0.5 * x * x);
    double t = 2 * share(x, true) - 1;
    return 0.5 * (1 - t * t) * root_2_pi * (1 + 3 * cubic * x * x);
}

void eval_gelu(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++) {
        double x = e->in[0].data[i];
        e->out.data[i] = x * share(x, e->attrs->approximate);
    }
}

void grad_gelu(struct grad *g)
{
    const struct attrs a = {.approximate = graph_node(g->graph, g->node)->attrs->approximate};
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_gelu_grad, &a, g->dy, grad_in(g, 0)));
}

void eval_gelu_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    bool approximate = e->attrs->approximate;
    for (int64_t i = 0; i < size; i++) {
        double x = up_to_settled(e->in[1].data[i]);
        double slope = share(x, approximate) + x * slope_of_share(x, approximate);
        e->out.data[i] = e->in[0].data[i] * slope;
    }
}

/* ---- emission ---- */

/* tanh(u) or erf(x / sqrt 2). */
static emit_value emit_odd(struct emit *e, emit_value x, bool approximate)
{
    if (!approximate)
        return lanes_erf(e, lanes_mul(e, x, lanes_const(e, root_half)));
    emit_value square = lanes_mul(e, x, x);
    emit_value inner =
        lanes_fma(e, square, lanes_const(e, root_2_pi * cubic), lanes_const(e, root_2_pi));
    return lanes_tanh(e, lanes_mul(e, x, inner));
}

static emit_value emit_share(struct emit *e, emit_value odd)
{
    emit_value half = lanes_const(e, 0.5);
    return lanes_fma(e, odd, half, half);
}

static emit_value emit_slope_of_share(struct emit *e, emit_value x, emit_value odd,
                                      bool approximate)
{
    emit_value square = lanes_mul(e, x, x);
    if (!approximate) {
        emit_value density = lanes_exp(e, lanes_mul(e, square, lanes_const(e, -0.5)));
        return lanes_mul(e, density, lanes_const(e, half_root_2_pi));
    }
    emit_value rest = lanes_sub(e, lanes_const(e, 1), lanes_mul(e, odd, odd));
    emit_value inner = lanes_fma(e, square, lanes_const(e, 1.5 * root_2_pi * cubic),
                                 lanes_const(e, 0.5 * root_2_pi));
    return lanes_mul(e, rest, inner);
}

emit_value emit_gelu(struct emit *e, const struct attrs *attrs)
{
    emit_value x = lanes_in(e, 0, 0);
    return lanes_mul(e, x, emit_share(e, emit_odd(e, x, attrs->approximate)));
}

emit_value emit_gelu_grad(struct emit *e, const struct attrs *attrs)
{
    emit_value least = lanes_const(e, -settled), most = lanes_const(e, settled);
    emit_value x = lanes_min(e, lanes_max(e, lanes_in(e, 1, 0), least), most);
    emit_value odd = emit_odd(e, x, attrs->approximate);
    emit_value slope = emit_slope_of_share(e, x, odd, attrs->approximate);
    return lanes_mul(e, lanes_in(e, 0, 0), lanes_fma(e, x, slope, emit_share(e, odd)));
}
