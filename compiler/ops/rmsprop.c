/* torch.optim.RMSprop without momentum (Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6.5, 2012); weight
 * decay is added to the gradient:
 *
 *     g = grad + weight_decay * param
 *     square_avg = alpha * square_avg + (1 - alpha) * g^2
 *     param -= lr * g / (sqrt(square_avg) + eps) */
#include "eval_support.h"
#include "rules.h"

enum { GRAD, PARAM, SQUARE_AVG, LR, ALPHA, EPS, WEIGHT_DECAY };

void eval_rmsprop(struct eval *e)
{
    const double *grad = e->in[GRAD].data;
    double lr = e->in[LR].data[0], alpha = e->in[ALPHA].data[0], eps = e->in[EPS].data[0],
           decay = e->in[WEIGHT_DECAY].data[0];
    double *param = e->state[PARAM]->data, *square = e->state[SQUARE_AVG]->data;
    int64_t size = tensor_elements(&e->in[PARAM]);
    for (int64_t i = 0; i < size; i++) {
        double g = grad[i] + decay * param[i];
        square[i] = alpha * square[i] + (1 - alpha) * g * g;
        param[i] -= lr * g / (sqrt(square[i]) + eps);
    }
}

static void update_rmsprop(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value param = lanes_in(e, PARAM, 0), alpha = lanes_in(e, ALPHA, 0);
    emit_value rest = lanes_sub(e, lanes_const(e, 1), alpha);
    emit_value g = lanes_fma(e, lanes_in(e, WEIGHT_DECAY, 0), param, lanes_in(e, GRAD, 0));
    emit_value square =
        lanes_fma(e, lanes_mul(e, rest, g), g, lanes_mul(e, alpha, lanes_in(e, SQUARE_AVG, 0)));
    emit_value length = lanes_add(e, lanes_sqrt(e, square), lanes_in(e, EPS, 0));
    emit_value step = lanes_div(e, lanes_mul(e, lanes_in(e, LR, 0), g), length);
    lanes_out(e, SQUARE_AVG, square);
    lanes_out(e, PARAM, lanes_sub(e, param, step));
}

const struct optimizer_rule optimizer_rmsprop = {.slots = {"square_avg"},
                                                 .scalars = {"lr", "alpha", "eps", "weight_decay"},
                                                 .update = update_rmsprop};
