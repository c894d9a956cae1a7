/* torch.optim.Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015); weight decay
 * is added to the gradient:
 *
 *     g = grad + weight_decay * param
 *     exp_avg = beta1 * exp_avg + (1 - beta1) * g
 *     exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g^2
 *     param -= lr * (exp_avg / (1 - beta1^step)) / (sqrt(exp_avg_sq / (1 - beta2^step)) + eps) */
#include "adam.h"
#include "rules.h"

static void eval(struct eval *e, bool amsgrad)
{
    const double *grad = e->in[ADAM_GRAD].data;
    double *param = e->state[ADAM_PARAM]->data, decay = adam_scalar(e, ADAM_WEIGHT_DECAY, amsgrad);
    int64_t size = tensor_elements(&e->in[ADAM_PARAM]);
    for (int64_t i = 0; i < size; i++)
        param[i] -= adam_eval(e, i, grad[i] + decay * param[i], amsgrad);
}

void eval_adam(struct eval *e) { eval(e, false); }

void eval_adam_amsgrad(struct eval *e) { eval(e, true); }

static void update(struct emit *e, bool amsgrad)
{
    emit_value param = lanes_in(e, ADAM_PARAM, 0),
               decay = lanes_in(e, adam_operand(ADAM_WEIGHT_DECAY, amsgrad), 0);
    emit_value g = lanes_fma(e, decay, param, lanes_in(e, ADAM_GRAD, 0));
    lanes_out(e, ADAM_PARAM, lanes_sub(e, param, adam_emit(e, g, amsgrad)));
}

static void update_adam(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    update(e, false);
}

static void update_adam_amsgrad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    update(e, true);
}

const struct optimizer_rule optimizer_adam = {
    .slots = ADAM_SLOTS,
    .scalars = ADAM_SCALARS,
    .update = update_adam,
    .variants = {{"amsgrad", WHERE_SET, OP_adam_amsgrad}}};

const struct optimizer_rule optimizer_adam_amsgrad = {
    .slots = ADAM_AMSGRAD_SLOTS, .scalars = ADAM_SCALARS, .update = update_adam_amsgrad};
