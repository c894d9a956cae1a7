/* Lion (Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2): every element moves by the learning rate, in
 * the direction in which a running mean and the gradient point together. The weight decay is AdamW's:
 *
 *     param *= 1 - lr * weight_decay
 *     param -= lr * sign(beta1 * exp_avg + (1 - beta1) * grad)
 *     exp_avg = beta2 * exp_avg + (1 - beta2) * grad
 *
 * sign(0) is 0. */
#include "eval_support.h"
#include "optimizer.h"
#include "rules.h"

enum { GRAD, PARAM, EXP_AVG, LR, BETA1, BETA2, WEIGHT_DECAY };

void eval_lion(struct eval *e)
{
    const double *grad = e->in[GRAD].data;
    double lr = e->in[LR].data[0], beta1 = e->in[BETA1].data[0], beta2 = e->in[BETA2].data[0],
           keep = 1 - lr * e->in[WEIGHT_DECAY].data[0];
    double *param = e->state[PARAM]->data, *mean = e->state[EXP_AVG]->data;
    int64_t size = tensor_elements(&e->in[PARAM]);
    for (int64_t i = 0; i < size; i++) {
        double way = beta1 * mean[i] + (1 - beta1) * grad[i];
        param[i] = keep * param[i] - lr * (isnan(way) ? way : (way > 0) - (way < 0));
        mean[i] = beta2 * mean[i] + (1 - beta2) * grad[i];
    }
}

/* share * mean + (1 - share) * grad */
static emit_value mix(struct emit *e, uint32_t share)
{
    emit_value s = lanes_in(e, share, 0), rest = lanes_sub(e, lanes_const(e, 1), s);
    return lanes_fma(e, rest, lanes_in(e, GRAD, 0), lanes_mul(e, s, lanes_in(e, EXP_AVG, 0)));
}

static void update_lion(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value zero = lanes_const(e, 0), lr = lanes_in(e, LR, 0), way = mix(e, BETA1);
    emit_value keep =
        lanes_sub(e, lanes_const(e, 1), lanes_mul(e, lr, lanes_in(e, WEIGHT_DECAY, 0)));
    /* A NaN stays one: 0 times it is added below. */
    emit_value down = lanes_select_gt(e, zero, way, lr, lanes_mul(e, way, zero));
    emit_value step = lanes_select_gt(e, way, zero, lanes_neg(e, lr), down);
    lanes_out(e, EXP_AVG, mix(e, BETA2));
    lanes_out(e, PARAM, lanes_fma(e, keep, lanes_in(e, PARAM, 0), step));
}

const struct optimizer_rule optimizer_lion = {.slots = {"exp_avg"},
                                              .scalars = {"lr", "beta1", "beta2", "weight_decay"},
                                              .update = update_lion};
