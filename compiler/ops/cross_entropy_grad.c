/* Gradient of cross_entropy by the logits: (softmax - target) / n. */
#include "eval_support.h"
#include "rules.h"
#include "softmax.h"

void eval_cross_entropy_grad(struct eval *e)
{
    int64_t n = e->in[0].shape.dim[0], k = e->in[0].shape.dim[1];
    for (int64_t i = 0; i < n; i++) {
        double *dx = e->out.data + i * k;
        softmax(k, e->in[0].data + i * k, dx);
        for (int64_t c = 0; c < k; c++)
            dx[c] = (dx[c] - smoothed_target(k, c, e->in[1].data[i], e->attrs->label_smoothing)) /
                    (double)n;
    }
}
