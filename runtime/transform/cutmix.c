/* cutmix(alpha): a rectangle of each sample is that of another one of its batch, and the label by the share of the area (Yun et al. 2019,
 * "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features"), as torchvision's CutMix draws it: sides of
 * sqrt(1 - part) of the picture's, part from Beta(alpha, alpha), around a place anywhere in it; what reaches over the edge is cut off.
 * Each sample draws its own. */
#include <math.h>
#include <string.h>

#include "batch_mix.h"

/* From and to of the rectangle along a side. */
struct run {
    int64_t from, to;
};

static struct run draw_run(const struct ftmrt_draw *draw, double half, int64_t side,
                           uint32_t number)
{
    const int64_t middle = (int64_t)(transform_batch_uniform(draw, number) * (double)side),
                  reach = (int64_t)(half * (double)side);
    return (struct run){middle > reach ? middle - reach : 0,
                        middle + reach < side ? middle + reach : side};
}

void run_batch_cutmix(const struct ftmrt_call *c, const struct ftmrt_batch *b, int64_t k,
                      const struct ftmrt_draw *draw, float *input, float *label)
{
    const int64_t area = b->height * b->width, size = b->channels * area, j = mix_partner(b, draw);
    const double part = mix_part(draw, ftmrt_call_number(c, FTMRT_PARAM_cutmix_alpha)),
                 half = 0.5 * sqrt(1 - part);
    const struct run x = draw_run(draw, half, b->width, MIX_DRAWS),
                     y = draw_run(draw, half, b->height, MIX_DRAWS + 1);
    memcpy(input, b->inputs + k * size, (size_t)size * sizeof *input);
    for (int64_t channel = 0; channel < b->channels; channel++)
        for (int64_t row = y.from; row < y.to; row++) {
            const int64_t at = channel * area + row * b->width + x.from;
            memcpy(input + at, b->inputs + j * size + at, (size_t)(x.to - x.from) * sizeof *input);
        }
    const double kept = 1 - (double)((x.to - x.from) * (y.to - y.from)) / (double)area;
    mix_blend(kept, b->labels + k * b->classes, b->labels + j * b->classes, b->classes, label);
}
