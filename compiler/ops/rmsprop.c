/* torch.optim.RMSprop (Tieleman and Hinton, "Neural Networks for Machine Learning", lecture 6.5, 2012); weight decay is added to
 * the gradient, and the momentum sums up steps before the learning rate scales them:
 *
 *     g = grad + weight_decay * param
 *     square_avg = alpha * square_avg + (1 - alpha) * g^2
 *     momentum_buffer = momentum * momentum_buffer + g / (sqrt(square_avg) + eps)
 *     param -= lr * momentum_buffer
 *
 * Without momentum there is no buffer to keep: rmsprop_plain. Centered, the root is that of the variance: grad_avg is the running
 * mean of the gradient, and square_avg - grad_avg^2 stands for square_avg; PyTorch's is not a number where rounding brings
 * that below 0, ours is 0. */
#include "eval_support.h"
#include "optimizer.h"
#include "rules.h"

enum { GRAD, PARAM, SQUARE_AVG };
enum { LR, ALPHA, EPS, WEIGHT_DECAY, MOMENTUM };

/* Where a variant has its slots and the first scalar; 0: it has none. */
struct operands {
    uint32_t grad_avg, buffer, scalars;
};

static const struct operands plain = {0, 0, 3}, with_momentum = {0, 3, 4},
                             centered_plain = {3, 0, 4}, centered = {3, 4, 5};

/* Element i of the gradient over the root of its running mean square, which is updated. */
static double eval_scaled(struct eval *e, int64_t i, const struct operands *o)
{
    double alpha = e->in[o->scalars + ALPHA].data[0], eps = e->in[o->scalars + EPS].data[0],
           decay = e->in[o->scalars + WEIGHT_DECAY].data[0];
    double *square = &e->state[SQUARE_AVG]->data[i];
    double g = e->in[GRAD].data[i] + decay * e->state[PARAM]->data[i];
    *square = alpha * *square + (1 - alpha) * g * g;
    if (!o->grad_avg)
        return g / (sqrt(*square) + eps);
    double *mean = &e->state[o->grad_avg]->data[i];
    *mean = alpha * *mean + (1 - alpha) * g;
    double variance = *square - *mean * *mean;
    return g / (sqrt(variance > 0 ? variance : 0) + eps);
}

static void eval(struct eval *e, const struct operands *o)
{
    double lr = e->in[o->scalars + LR].data[0];
    double momentum = o->buffer ? e->in[o->scalars + MOMENTUM].data[0] : 0;
    double *param = e->state[PARAM]->data, *buffer = o->buffer ? e->state[o->buffer]->data : NULL;
    int64_t size = tensor_elements(&e->in[PARAM]);
    for (int64_t i = 0; i < size; i++) {
        double way = eval_scaled(e, i, o);
        if (buffer)
            way = buffer[i] = momentum * buffer[i] + way;
        param[i] -= lr * way;
    }
}

void eval_rmsprop(struct eval *e) { eval(e, &with_momentum); }

void eval_rmsprop_plain(struct eval *e) { eval(e, &plain); }

void eval_rmsprop_centered(struct eval *e) { eval(e, &centered); }

void eval_rmsprop_centered_plain(struct eval *e) { eval(e, &centered_plain); }

/* The mean square of the gradient, or its variance; the running means are updated. */
static emit_value emit_square(struct emit *e, const struct operands *o, emit_value g)
{
    emit_value alpha = lanes_in(e, o->scalars + ALPHA, 0);
    emit_value rest = lanes_sub(e, lanes_const(e, 1), alpha);
    emit_value square =
        lanes_fma(e, lanes_mul(e, rest, g), g, lanes_mul(e, alpha, lanes_in(e, SQUARE_AVG, 0)));
    lanes_out(e, SQUARE_AVG, square);
    if (!o->grad_avg)
        return square;
    emit_value mean = lanes_fma(e, rest, g, lanes_mul(e, alpha, lanes_in(e, o->grad_avg, 0)));
    lanes_out(e, o->grad_avg, mean);
    return lanes_max(e, lanes_fma(e, lanes_neg(e, mean), mean, square), lanes_const(e, 0));
}

/* times * gradient over the root. */
static emit_value emit_scaled(struct emit *e, const struct operands *o, emit_value times)
{
    emit_value g = lanes_fma(e, lanes_in(e, o->scalars + WEIGHT_DECAY, 0), lanes_in(e, PARAM, 0),
                             lanes_in(e, GRAD, 0));
    emit_value length =
        lanes_add(e, lanes_sqrt(e, emit_square(e, o, g)), lanes_in(e, o->scalars + EPS, 0));
    return lanes_div(e, lanes_mul(e, times, g), length);
}

static void emit_plain(struct emit *e, const struct operands *o)
{
    emit_value param = lanes_in(e, PARAM, 0);
    emit_value step = emit_scaled(e, o, lanes_in(e, o->scalars + LR, 0));
    lanes_out(e, PARAM, lanes_sub(e, param, step));
}

static void emit_momentum(struct emit *e, const struct operands *o)
{
    emit_value minus_lr = lanes_neg(e, lanes_in(e, o->scalars + LR, 0));
    emit_value way = lanes_fma(e, lanes_in(e, o->scalars + MOMENTUM, 0), lanes_in(e, o->buffer, 0),
                               emit_scaled(e, o, lanes_const(e, 1)));
    lanes_out(e, o->buffer, way);
    lanes_out(e, PARAM, lanes_fma(e, minus_lr, way, lanes_in(e, PARAM, 0)));
}

static void update_rmsprop(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_momentum(e, &with_momentum);
}

const struct optimizer_rule optimizer_rmsprop = {
    .slots = {"square_avg", "momentum_buffer"},
    .scalars = {"lr", "alpha", "eps", "weight_decay", "momentum"},
    .update = update_rmsprop,
    .variants = {{"centered", WHERE_SET, OP_rmsprop_centered},
                 {"momentum", WHERE_ZERO, OP_rmsprop_plain}}};

static void update_rmsprop_plain(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_plain(e, &plain);
}

const struct optimizer_rule optimizer_rmsprop_plain = {
    .slots = {"square_avg"},
    .scalars = {"lr", "alpha", "eps", "weight_decay"},
    .update = update_rmsprop_plain};

static void update_rmsprop_centered(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_momentum(e, &centered);
}

const struct optimizer_rule optimizer_rmsprop_centered = {
    .slots = {"square_avg", "grad_avg", "momentum_buffer"},
    .scalars = {"lr", "alpha", "eps", "weight_decay", "momentum"},
    .update = update_rmsprop_centered,
    .variants = {{"momentum", WHERE_ZERO, OP_rmsprop_centered_plain}}};

static void update_rmsprop_centered_plain(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_plain(e, &centered_plain);
}

const struct optimizer_rule optimizer_rmsprop_centered_plain = {
    .slots = {"square_avg", "grad_avg"},
    .scalars = {"lr", "alpha", "eps", "weight_decay"},
    .update = update_rmsprop_centered_plain};
