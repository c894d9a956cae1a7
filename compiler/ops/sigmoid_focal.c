/* A yes or no for each class, which counts the less the surer it is right (torchvision.ops.sigmoid_focal_loss; Lin et al., "Focal Loss for
 * Dense Object Detection", 2017, eq. 5):
 *
 *     loss = 1/(n K) sum_i sum_c a q^gamma b
 *     q    = t (1 - p) + (1 - t) p,   p = sigmoid(x)            how wrong it is
 *     a    = alpha t + (1 - alpha) (1 - t), or 1 if alpha < 0
 *     b    = max(x, 0) - x t + log(1 + e^-|x|)                  binary cross entropy */
#include "label.h"
#include "rules.h"

/* What is computed of an element, in double precision. */
struct focal {
    double t, p, q, weight, entropy;
};

static struct focal focal_of(const struct eval *e, int64_t i)
{
    const double x = e->in[0].data[i], alpha = e->attrs->alpha;
    struct focal f = {.t = label_share(e, i), .p = 1 / (1 + exp(-x))};
    f.q = f.t / (1 + exp(x)) + (1 - f.t) * f.p;
    f.weight = alpha < 0 ? 1 : alpha * f.t + (1 - alpha) * (1 - f.t);
    f.entropy = fmax(x, 0) - x * f.t + log1p(exp(-fabs(x)));
    return f;
}

void eval_sigmoid_focal(struct eval *e)
{
    int64_t size = tensor_elements(&e->in[0]);
    for (int64_t i = 0; i < size; i++) {
        const struct focal f = focal_of(e, i);
        e->out.data[0] += f.weight * pow(f.q, e->attrs->gamma) * f.entropy / (double)size;
    }
}

/* The same of vectors. */
struct focal_lanes {
    emit_value t, p, q, weight, entropy;
};

static emit_value emit_sigmoid_of(struct emit *e, emit_value x)
{
    emit_value one = lanes_const(e, 1);
    return lanes_div(e, one, lanes_add(e, one, lanes_exp(e, lanes_neg(e, x))));
}

static struct focal_lanes focal_lanes(struct emit *e, const struct attrs *attrs)
{
    emit_value x = lanes_in(e, 0, 0), one = lanes_const(e, 1);
    struct focal_lanes f = {.t = lanes_in(e, 1, 0), .p = emit_sigmoid_of(e, x)};
    emit_value rest = lanes_sub(e, one, f.t);
    f.q = lanes_fma(e, f.t, emit_sigmoid_of(e, lanes_neg(e, x)), lanes_mul(e, rest, f.p));
    f.weight = one;
    if (attrs->alpha >= 0)
        f.weight = lanes_fma(e, f.t, lanes_const(e, attrs->alpha),
                             lanes_mul(e, rest, lanes_const(e, 1 - attrs->alpha)));
    emit_value power = lanes_exp(e, lanes_neg(e, lanes_abs(e, x)));
    emit_value hinge = lanes_max(e, x, lanes_const(e, 0));
    f.entropy = lanes_add(e, lanes_fma(e, lanes_neg(e, x), f.t, hinge),
                          lanes_log(e, lanes_add(e, one, power)));
    return f;
}

/* q^exponent, of q from 0 to 1. */
static emit_value emit_power(struct emit *e, emit_value q, double exponent)
{
    if (exponent == 0)
        return lanes_const(e, 1);
    if (exponent == 1)
        return q;
    if (exponent == 2)
        return lanes_mul(e, q, q);
    emit_value least = lanes_max(e, q, lanes_const(e, 1e-37));
    return lanes_exp(e, lanes_mul(e, lanes_const(e, exponent), lanes_log(e, least)));
}

emit_value emit_sigmoid_focal(struct emit *e, const struct attrs *attrs)
{
    const struct focal_lanes f = focal_lanes(e, attrs);
    emit_value wrong = lanes_mul(e, f.weight, emit_power(e, f.q, attrs->gamma));
    return lanes_mul(e, wrong, f.entropy);
}

void grad_sigmoid_focal(struct grad *g)
{
    const struct attrs *a = graph_node(g->graph, g->node)->attrs;
    if (grad_wanted(g, 0))
        grad_accumulate(
            g, 0,
            graph_op(g->graph, OP_sigmoid_focal_grad, a, grad_in(g, 0), grad_in(g, 1), g->dy));
}

/* dx = dy / (n K) a (q^gamma (p - t) + gamma q^(gamma-1) b (1 - 2 t) p (1 - p)) */
void eval_sigmoid_focal_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    const double scale = e->in[2].data[0] / (double)size, gamma = e->attrs->gamma;
    for (int64_t i = 0; i < size; i++) {
        const struct focal f = focal_of(e, i);
        const double moves = gamma > 0 ? gamma * pow(f.q, gamma - 1) * f.entropy * (1 - 2 * f.t) *
                                             f.p / (1 + exp(e->in[0].data[i]))
                                       : 0;
        e->out.data[i] = scale * f.weight * (pow(f.q, gamma) * (f.p - f.t) + moves);
    }
}

emit_value emit_sigmoid_focal_grad(struct emit *e, const struct attrs *attrs)
{
    const struct focal_lanes f = focal_lanes(e, attrs);
    emit_value slope = lanes_mul(e, emit_power(e, f.q, attrs->gamma), lanes_sub(e, f.p, f.t));
    if (attrs->gamma > 0) {
        emit_value one = lanes_const(e, 1), twice = lanes_mul(e, lanes_const(e, 2), f.t);
        emit_value turn =
            lanes_mul(e, lanes_sub(e, one, twice), lanes_mul(e, f.p, lanes_sub(e, one, f.p)));
        emit_value power =
            lanes_mul(e, lanes_const(e, attrs->gamma), emit_power(e, f.q, attrs->gamma - 1));
        slope = lanes_fma(e, lanes_mul(e, power, f.entropy), turn, slope);
    }
    emit_value scale = lanes_div(e, lanes_in(e, 2, 0), lanes_size(e));
    return lanes_mul(e, lanes_mul(e, f.weight, slope), scale);
}
