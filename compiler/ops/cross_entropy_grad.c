/* Gradient of cross_entropy by the logits: (softmax - target) / n. */
#include "eval_support.h"
#include "label_smoothing.h"
#include "rules.h"

void eval_cross_entropy_grad(struct eval *e)
{
    int64_t n = e->in[0].shape.dim[0], k = e->in[0].shape.dim[1];
    for (int64_t i = 0; i < n; i++) {
        double *dx = e->out.data + i * k;
        ftmrt_softmax(k, e->in[0].data + i * k, dx);
        for (int64_t c = 0; c < k; c++)
            dx[c] = (dx[c] - smoothed_target(k, c, e->in[1].data[i], e->attrs->label_smoothing)) /
                    (double)n;
    }
}
