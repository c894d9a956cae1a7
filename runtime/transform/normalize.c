/* normalize(mean, std, scale): (x / scale - mean) / std, of each channel or the same for all. */
#include "transform_step.h"

static double channel_value(const struct ftmrt_arg *v, int channel)
{
    return v->numbers[v->count > 1 ? channel : 0];
}

void size_normalize(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    const uint32_t means = ftmrt_call_arg(c, FTMRT_PARAM_normalize_mean)->count,
                   stds = ftmrt_call_arg(c, FTMRT_PARAM_normalize_std)->count;
    const int values = (int)(means > stds ? means : stds);
    f->normalized = true;
    if (values == 1)
        return;
    if (f->channels && f->channels != values) {
        f->problem = FTMRT_FORM_CHANNELS;
        f->have = f->channels;
        f->want = values;
    } else {
        f->channels = values;
    }
}

/* Pixels stay: what is said here is done when they become floats. */
void run_normalize(const struct ftmrt_call *c, struct transform *t)
{
    const struct ftmrt_arg *mean = ftmrt_call_arg(c, FTMRT_PARAM_normalize_mean),
                           *std = ftmrt_call_arg(c, FTMRT_PARAM_normalize_std);
    t->scale = ftmrt_call_number(c, FTMRT_PARAM_normalize_scale);
    for (int k = 0; k < FTMRT_PICTURE_CHANNELS; k++) {
        t->mean[k] = mean->count > 1 && k >= (int)mean->count ? 0 : channel_value(mean, k);
        t->std[k] = std->count > 1 && k >= (int)std->count ? 1 : channel_value(std, k);
    }
}
