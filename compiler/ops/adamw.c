/* torch.optim.AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019): Adam whose
 * weight decay shrinks the parameter itself, param *= 1 - lr * weight_decay, before its step. */
#include "adam.h"
#include "rules.h"

void eval_adamw(struct eval *e)
{
    const double *grad = e->in[ADAM_GRAD].data;
    double *param = e->state[ADAM_PARAM]->data;
    double keep = 1 - adam_scalar(e, ADAM_LR) * adam_scalar(e, ADAM_WEIGHT_DECAY);
    int64_t size = tensor_elements(&e->in[ADAM_PARAM]);
    for (int64_t i = 0; i < size; i++)
        param[i] = keep * param[i] - adam_eval(e, i, grad[i]);
}

static void update_adamw(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value shrink = lanes_mul(e, lanes_in(e, ADAM_LR, 0), lanes_in(e, ADAM_WEIGHT_DECAY, 0));
    emit_value keep = lanes_sub(e, lanes_const(e, 1), shrink);
    emit_value step = adam_emit(e, lanes_in(e, ADAM_GRAD, 0));
    lanes_out(e, ADAM_PARAM, lanes_fma(e, keep, lanes_in(e, ADAM_PARAM, 0), lanes_neg(e, step)));
}

const struct optimizer_rule optimizer_adamw = {
    .slots = ADAM_SLOTS, .scalars = ADAM_SCALARS, .update = update_adamw};
