/* torch.optim.AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019): Adam whose
 * weight decay shrinks the parameter itself, param *= 1 - lr * weight_decay, before its step. */
#include "adam.h"
#include "rules.h"

static void eval(struct eval *e, bool amsgrad)
{
    const double *grad = e->in[ADAM_GRAD].data;
    double *param = e->state[ADAM_PARAM]->data;
    double keep = 1 - adam_scalar(e, ADAM_LR, amsgrad) * adam_scalar(e, ADAM_WEIGHT_DECAY, amsgrad);
    int64_t size = tensor_elements(&e->in[ADAM_PARAM]);
    for (int64_t i = 0; i < size; i++)
        param[i] = keep * param[i] - adam_eval(e, i, grad[i], amsgrad);
}

void eval_adamw(struct eval *e) { eval(e, false); }

void eval_adamw_amsgrad(struct eval *e) { eval(e, true); }

static void update(struct emit *e, bool amsgrad)
{
    emit_value shrink = lanes_mul(e, lanes_in(e, adam_operand(ADAM_LR, amsgrad), 0),
                                  lanes_in(e, adam_operand(ADAM_WEIGHT_DECAY, amsgrad), 0));
    emit_value keep = lanes_sub(e, lanes_const(e, 1), shrink);
    emit_value step = adam_emit(e, lanes_in(e, ADAM_GRAD, 0), amsgrad);
    lanes_out(e, ADAM_PARAM, lanes_fma(e, keep, lanes_in(e, ADAM_PARAM, 0), lanes_neg(e, step)));
}

static void update_adamw(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    update(e, false);
}

static void update_adamw_amsgrad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    update(e, true);
}

const struct optimizer_rule optimizer_adamw = {
    .slots = ADAM_SLOTS,
    .scalars = ADAM_SCALARS,
    .update = update_adamw,
    .variants = {{"amsgrad", WHERE_SET, OP_adamw_amsgrad}}};

const struct optimizer_rule optimizer_adamw_amsgrad = {
    .slots = ADAM_AMSGRAD_SLOTS, .scalars = ADAM_SCALARS, .update = update_adamw_amsgrad};
