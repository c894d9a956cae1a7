/* Stochastic gradient descent with momentum, as torch.optim.SGD (weight decay added to
 * the gradient):
 *
 *     g = grad + weight_decay * param;   buffer = momentum * buffer + g
 *     param -= lr * (nesterov ? g + momentum * buffer : buffer)
 *
 * PyTorch starts the buffer with the first gradient; one that starts at zero gives the same. Without
 * momentum there is no slot to keep: sgd_plain. With a dampening the buffer takes (1 - dampening) * g,
 * but the whole first gradient, as PyTorch's does: sgd_dampened. */
#include "eval_support.h"
#include "optimizer.h"
#include "rules.h"

void eval_sgd(struct eval *e)
{
    const double *grad = e->in[0].data;
    double lr = e->in[3].data[0], momentum = e->in[4].data[0], weight_decay = e->in[5].data[0];
    double *param = e->state[1]->data, *slot = e->state[2]->data;
    int64_t size = tensor_elements(&e->in[1]);
    for (int64_t i = 0; i < size; i++) {
        double g = grad[i] + weight_decay * param[i];
        slot[i] = momentum * slot[i] + g;
        param[i] -= lr * (e->attrs->nesterov ? g + momentum * slot[i] : slot[i]);
    }
}

static void update_sgd(struct emit *e, const struct attrs *attrs)
{
    emit_value lr = lanes_in(e, 3, 0), weight_decay = lanes_in(e, 5, 0),
               momentum = lanes_in(e, 4, 0), minus_lr = lanes_neg(e, lr), param = lanes_in(e, 1, 0);
    emit_value g = lanes_fma(e, weight_decay, param, lanes_in(e, 0, 0));
    emit_value slot = lanes_fma(e, momentum, lanes_in(e, 2, 0), g);
    lanes_out(e, 2, slot);
    emit_value way = attrs->nesterov ? lanes_fma(e, momentum, slot, g) : slot;
    lanes_out(e, 1, lanes_fma(e, minus_lr, way, param));
}

const struct optimizer_rule optimizer_sgd = {
    .slots = {"momentum"},
    .scalars = {"lr", "momentum", "weight_decay", "dampening", "step"},
    .own_scalars = 3,
    .update = update_sgd,
    .variants = {{"momentum", WHERE_ZERO, OP_sgd_plain},
                 {"dampening", WHERE_SET, OP_sgd_dampened}}};

enum { LR = 3, MOMENTUM, WEIGHT_DECAY, DAMPENING, STEP };

void eval_sgd_dampened(struct eval *e)
{
    double lr = e->in[LR].data[0], momentum = e->in[MOMENTUM].data[0],
           weight_decay = e->in[WEIGHT_DECAY].data[0];
    double part = e->in[STEP].data[0] > 1 ? 1 - e->in[DAMPENING].data[0] : 1;
    double *param = e->state[1]->data, *slot = e->state[2]->data;
    int64_t size = tensor_elements(&e->in[1]);
    for (int64_t i = 0; i < size; i++) {
        slot[i] = momentum * slot[i] + part * (e->in[0].data[i] + weight_decay * param[i]);
        param[i] -= lr * slot[i];
    }
}

static void update_sgd_dampened(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value one = lanes_const(e, 1), param = lanes_in(e, 1, 0);
    emit_value rest = lanes_sub(e, one, lanes_in(e, DAMPENING, 0));
    emit_value part = lanes_select_gt(e, lanes_in(e, STEP, 0), one, rest, one);
    emit_value g = lanes_fma(e, lanes_in(e, WEIGHT_DECAY, 0), param, lanes_in(e, 0, 0));
    emit_value slot =
        lanes_fma(e, lanes_in(e, MOMENTUM, 0), lanes_in(e, 2, 0), lanes_mul(e, part, g));
    lanes_out(e, 2, slot);
    lanes_out(e, 1, lanes_fma(e, lanes_neg(e, lanes_in(e, LR, 0)), slot, param));
}

const struct optimizer_rule optimizer_sgd_dampened = {
    .slots = {"momentum"},
    .scalars = {"lr", "momentum", "weight_decay", "dampening", "step"},
    .update = update_sgd_dampened};

void eval_sgd_plain(struct eval *e)
{
    const double *grad = e->in[0].data;
    double lr = e->in[2].data[0], weight_decay = e->in[3].data[0];
    double *param = e->state[1]->data;
    int64_t size = tensor_elements(&e->in[1]);
    for (int64_t i = 0; i < size; i++)
        param[i] -= lr * (grad[i] + weight_decay * param[i]);
}

static void update_sgd_plain(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value lr = lanes_in(e, 2, 0), weight_decay = lanes_in(e, 3, 0),
               minus_lr = lanes_neg(e, lr), param = lanes_in(e, 1, 0);
    emit_value g = lanes_fma(e, weight_decay, param, lanes_in(e, 0, 0));
    lanes_out(e, 1, lanes_fma(e, minus_lr, g, param));
}

const struct optimizer_rule optimizer_sgd_plain = {.scalars = {"lr", "weight_decay"},
                                                   .update = update_sgd_plain};
