/* Gradient descent without momentum: no slot to keep. */
#include "eval_support.h"
#include "rules.h"

void eval_sgd_plain(struct eval *e)
{
    const double *grad = e->in[0].data;
    double lr = e->in[2].data[0], weight_decay = e->in[3].data[0];
    double *param = e->state[1]->data;
    int64_t size = tensor_elements(&e->in[1]);
    for (int64_t i = 0; i < size; i++)
        param[i] -= lr * (grad[i] + weight_decay * param[i]);
}
