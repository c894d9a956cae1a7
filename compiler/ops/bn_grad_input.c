/* Gradient of a training batch norm by its input, through the statistics too (Ioffe and Szegedy
 * 2015, section 3, with the three terms gathered):
 *
 *     dx = weight * inv * (dy - sum(dy) / M - xhat * sum(dy * xhat) / M)
 *
 * with inv = 1 / sqrt(var + eps), xhat = (x - mean) * inv and M elements per channel. */
#include "eval_support.h"
#include "rules.h"

void eval_bn_grad_input(struct eval *e)
{
    struct channels ch = channels_of(&e->out.shape);
    const double *dy = e->in[0].data, *x = e->in[1].data, *mean = e->in[2].data, *var = mean + ch.c;
    const double *g0 = e->in[3].data, *g1 = g0 + ch.c, *weight = e->in[4].data;
    double m = (double)(ch.n * ch.inner);
    for (int64_t i = 0; i < ch.n * ch.c; i++) {
        int64_t c = i % ch.c;
        double inv = 1 / sqrt(var[c] + e->attrs->eps);
        for (int64_t j = 0; j < ch.inner; j++) {
            int64_t at = i * ch.inner + j;
            double xhat = (x[at] - mean[c]) * inv;
            e->out.data[at] = weight[c] * inv / m * (m * dy[at] - g0[c] - xhat * g1[c]);
        }
    }
}

/* Arranged so that all but one subtraction, one multiplication and two fused ones are the same at
 * every position. */
emit_value emit_bn_grad_input(struct emit *e, const struct attrs *attrs)
{
    emit_value m = lanes_count(e), one = lanes_const(e, 1.0);
    emit_value var = lanes_add(e, lanes_in(e, 2, 1), lanes_const(e, attrs->eps));
    emit_value inv = lanes_div(e, one, lanes_sqrt(e, var));
    emit_value sum = lanes_div(e, lanes_in(e, 3, 0), m);
    emit_value slope = lanes_div(e, lanes_mul(e, inv, lanes_in(e, 3, 1)), m);
    emit_value factor = lanes_mul(e, lanes_in(e, 4, 0), inv);
    emit_value centred = lanes_sub(e, lanes_in(e, 1, 0), lanes_in(e, 2, 0));
    emit_value mean_part = lanes_fma(e, centred, slope, sum);
    return lanes_mul(e, factor, lanes_sub(e, lanes_in(e, 0, 0), mean_part));
}
