/* mixup(alpha): a part of each sample and the rest of another one of its batch, pictures and labels alike:
 *
 *     input = part * input_k + (1 - part) * input_j,  label = part * label_k + (1 - part) * label_j
 *
 * (Zhang, Cisse, Dauphin, Lopez-Paz 2018, "mixup: Beyond Empirical Risk Minimization"). Each sample draws its own j, evenly
 * among the batch, and its own part from Beta(alpha, alpha). */
#include "batch_mix.h"

void run_batch_mixup(const struct ftmrt_call *c, const struct ftmrt_batch *b, int64_t k,
                     const struct ftmrt_draw *draw, float *input, float *label)
{
    const int64_t size = b->channels * b->height * b->width, j = mix_partner(b, draw);
    const double part = mix_part(draw, ftmrt_call_number(c, FTMRT_PARAM_mixup_alpha));
    mix_blend(part, b->inputs + k * size, b->inputs + j * size, size, input);
    mix_blend(part, b->labels + k * b->classes, b->labels + j * b->classes, b->classes, label);
}
