/* Stochastic gradient descent with momentum, as torch.optim.SGD (dampening 0, weight decay added to
 * the gradient):
 *
 *     g = grad + weight_decay * param;   slot = momentum * slot + g
 *     param -= lr * (nesterov ? g + momentum * slot : slot)
 *
 * PyTorch starts the slot with the first gradient; a slot that starts at zero gives the same. */
#include "eval_support.h"
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
