/* Running statistics of a training batch norm, as torch.nn.BatchNorm2d: `momentum` is the weight of
 * the new value, and the variance stored is the unbiased one, count / (count - 1) times the
 * batch's. One element per channel has no unbiased variance (PyTorch refuses it); its biased one,
 * 0, is taken. */
#include "eval_support.h"
#include "rules.h"

void eval_bn_update(struct eval *e)
{
    int64_t c = e->in[2].shape.dim[1], count = e->n * e->attrs->in_size[0] * e->attrs->in_size[1];
    const double *mean = e->in[2].data, *var = mean + c;
    double momentum = e->attrs->momentum;
    double unbias = count > 1 ? (double)count / (double)(count - 1) : 1;
    double *running_mean = e->state[0]->data, *running_var = e->state[1]->data;
    for (int64_t i = 0; i < c; i++) {
        running_mean[i] = (1 - momentum) * running_mean[i] + momentum * mean[i];
        running_var[i] = (1 - momentum) * running_var[i] + momentum * (var[i] * unbias);
    }
}
