/* torch.optim.RMSprop (Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6.5, 2012); weight decay is added to
 * the gradient, and the momentum sums up steps before the learning rate scales them:
 *
 *     g = grad + weight_decay * param
 *     square_avg = alpha * square_avg + (1 - alpha) * g^2
 *     momentum_buffer = momentum * momentum_buffer + g / (sqrt(square_avg) + eps)
 *     param -= lr * momentum_buffer
 *
 * Without momentum there is no buffer to keep: rmsprop_plain. */
#include "eval_support.h"
#include "optimizer.h"
#include "rules.h"

/* Operands behind gradient and parameter: the slots, then the scalars. */
enum { GRAD, PARAM, SQUARE_AVG, BUFFER };
enum { LR, ALPHA, EPS, WEIGHT_DECAY, MOMENTUM };

/* Element i of the gradient over the root of its running mean square, which is updated; the scalars begin at operand `scalars`. */
static double eval_scaled(struct eval *e, int64_t i, uint32_t scalars)
{
    double alpha = e->in[scalars + ALPHA].data[0], eps = e->in[scalars + EPS].data[0],
           decay = e->in[scalars + WEIGHT_DECAY].data[0];
    double *square = &e->state[SQUARE_AVG]->data[i];
    double g = e->in[GRAD].data[i] + decay * e->state[PARAM]->data[i];
    *square = alpha * *square + (1 - alpha) * g * g;
    return g / (sqrt(*square) + eps);
}

void eval_rmsprop(struct eval *e)
{
    const uint32_t scalars = BUFFER + 1;
    double lr = e->in[scalars + LR].data[0], momentum = e->in[scalars + MOMENTUM].data[0];
    double *param = e->state[PARAM]->data, *buffer = e->state[BUFFER]->data;
    int64_t size = tensor_elements(&e->in[PARAM]);
    for (int64_t i = 0; i < size; i++) {
        buffer[i] = momentum * buffer[i] + eval_scaled(e, i, scalars);
        param[i] -= lr * buffer[i];
    }
}

void eval_rmsprop_plain(struct eval *e)
{
    const uint32_t scalars = SQUARE_AVG + 1;
    double lr = e->in[scalars + LR].data[0], *param = e->state[PARAM]->data;
    int64_t size = tensor_elements(&e->in[PARAM]);
    for (int64_t i = 0; i < size; i++)
        param[i] -= lr * eval_scaled(e, i, scalars);
}

/* times * gradient over the root of its running mean square, which is updated. */
static emit_value emit_scaled(struct emit *e, uint32_t scalars, emit_value times)
{
    emit_value alpha = lanes_in(e, scalars + ALPHA, 0);
    emit_value rest = lanes_sub(e, lanes_const(e, 1), alpha);
    emit_value g = lanes_fma(e, lanes_in(e, scalars + WEIGHT_DECAY, 0), lanes_in(e, PARAM, 0),
                             lanes_in(e, GRAD, 0));
    emit_value square =
        lanes_fma(e, lanes_mul(e, rest, g), g, lanes_mul(e, alpha, lanes_in(e, SQUARE_AVG, 0)));
    emit_value length = lanes_add(e, lanes_sqrt(e, square), lanes_in(e, scalars + EPS, 0));
    lanes_out(e, SQUARE_AVG, square);
    return lanes_div(e, lanes_mul(e, times, g), length);
}

static void update_rmsprop(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    const uint32_t scalars = BUFFER + 1;
    emit_value minus_lr = lanes_neg(e, lanes_in(e, scalars + LR, 0));
    emit_value way = lanes_fma(e, lanes_in(e, scalars + MOMENTUM, 0), lanes_in(e, BUFFER, 0),
                               emit_scaled(e, scalars, lanes_const(e, 1)));
    lanes_out(e, BUFFER, way);
    lanes_out(e, PARAM, lanes_fma(e, minus_lr, way, lanes_in(e, PARAM, 0)));
}

const struct optimizer_rule optimizer_rmsprop = {
    .slots = {"square_avg", "momentum_buffer"},
    .scalars = {"lr", "alpha", "eps", "weight_decay", "momentum"},
    .update = update_rmsprop,
    .unless = "momentum",
    .plain = OP_rmsprop_plain};

static void update_rmsprop_plain(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    const uint32_t scalars = SQUARE_AVG + 1;
    emit_value param = lanes_in(e, PARAM, 0);
    emit_value step = emit_scaled(e, scalars, lanes_in(e, scalars + LR, 0));
    lanes_out(e, PARAM, lanes_sub(e, param, step));
}

const struct optimizer_rule optimizer_rmsprop_plain = {
    .slots = {"square_avg"},
    .scalars = {"lr", "alpha", "eps", "weight_decay"},
    .update = update_rmsprop_plain};
