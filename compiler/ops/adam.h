/* What adam.c and adamw.c share: the moments, their bias correction, and the operands. */
#ifndef FTM_OPS_ADAM_H
#define FTM_OPS_ADAM_H

#include "eval_support.h"
#include "optimizer.h"

enum {
    ADAM_GRAD,
    ADAM_PARAM,
    ADAM_EXP_AVG,
    ADAM_EXP_AVG_SQ,
    ADAM_LR,
    ADAM_BETA1,
    ADAM_BETA2,
    ADAM_EPS,
    ADAM_WEIGHT_DECAY,
    ADAM_STEP
};

#define ADAM_SLOTS         {"exp_avg", "exp_avg_sq"}
#define ADAM_AMSGRAD_SLOTS {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
#define ADAM_SCALARS       {"lr", "beta1", "beta2", "eps", "weight_decay", "step"}

/* AMSGrad's slot stands where the first scalar is without it. */
enum { ADAM_MAX_EXP_AVG_SQ = ADAM_LR };

/* The operand of a scalar. */
static inline uint32_t adam_operand(uint32_t scalar, bool amsgrad) { return scalar + amsgrad; }

static inline double adam_scalar(const struct eval *e, uint32_t scalar, bool amsgrad)
{
    return e->in[adam_operand(scalar, amsgrad)].data[0];
}

/* What is subtracted from element i of the parameter for a gradient g; the moments are updated. amsgrad: the greatest mean
 * square so far stands for the mean square (Reddi et al., "On the Convergence of Adam and Beyond", 2018). */
static inline double adam_eval(struct eval *e, int64_t i, double g, bool amsgrad)
{
    double beta1 = adam_scalar(e, ADAM_BETA1, amsgrad), beta2 = adam_scalar(e, ADAM_BETA2, amsgrad);
    double step = adam_scalar(e, ADAM_STEP, amsgrad);
    double *m = &e->state[ADAM_EXP_AVG]->data[i], *v = &e->state[ADAM_EXP_AVG_SQ]->data[i];
    *m = beta1 * *m + (1 - beta1) * g;
    *v = beta2 * *v + (1 - beta2) * g * g;
    if (amsgrad) {
        double *most = &e->state[ADAM_MAX_EXP_AVG_SQ]->data[i];
        *most = *v > *most ? *v : *most;
        v = most;
    }
    double mean = *m / (1 - pow(beta1, step)), square = *v / (1 - pow(beta2, step));
    return adam_scalar(e, ADAM_LR, amsgrad) * mean /
           (sqrt(square) + adam_scalar(e, ADAM_EPS, amsgrad));
}

/* 1 - beta^step without the cancellation: with T = tanh(step log(beta) / 2) it is -2 T / (1 - T). */
static inline emit_value adam_correction(struct emit *e, uint32_t beta, uint32_t step)
{
    emit_value b = lanes_max(e, lanes_in(e, beta, 0), lanes_const(e, 1e-30));
    emit_value power = lanes_mul(e, lanes_in(e, step, 0), lanes_log(e, b));
    emit_value t = lanes_tanh(e, lanes_mul(e, power, lanes_const(e, 0.5)));
    return lanes_div(e, lanes_mul(e, t, lanes_const(e, -2)), lanes_sub(e, lanes_const(e, 1), t));
}

/* The same as adam_eval. */
static inline emit_value adam_emit(struct emit *e, emit_value g, bool amsgrad)
{
    const uint32_t b1 = adam_operand(ADAM_BETA1, amsgrad), b2 = adam_operand(ADAM_BETA2, amsgrad),
                   step = adam_operand(ADAM_STEP, amsgrad);
    emit_value one = lanes_const(e, 1), beta1 = lanes_in(e, b1, 0), beta2 = lanes_in(e, b2, 0),
               eps = lanes_in(e, adam_operand(ADAM_EPS, amsgrad), 0);
    emit_value rate =
        lanes_div(e, lanes_in(e, adam_operand(ADAM_LR, amsgrad), 0), adam_correction(e, b1, step));
    emit_value root = lanes_div(e, one, lanes_sqrt(e, adam_correction(e, b2, step)));
    emit_value m = lanes_fma(e, lanes_sub(e, one, beta1), g,
                             lanes_mul(e, beta1, lanes_in(e, ADAM_EXP_AVG, 0)));
    emit_value v = lanes_fma(e, lanes_mul(e, lanes_sub(e, one, beta2), g), g,
                             lanes_mul(e, beta2, lanes_in(e, ADAM_EXP_AVG_SQ, 0)));
    lanes_out(e, ADAM_EXP_AVG, m);
    lanes_out(e, ADAM_EXP_AVG_SQ, v);
    if (amsgrad) {
        v = lanes_max(e, v, lanes_in(e, ADAM_MAX_EXP_AVG_SQ, 0));
        lanes_out(e, ADAM_MAX_EXP_AVG_SQ, v);
    }
    return lanes_div(e, lanes_mul(e, rate, m), lanes_fma(e, lanes_sqrt(e, v), root, eps));
}

#endif
