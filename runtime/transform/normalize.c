/* normalize(mean, std, scale): (x / scale - mean) / std, of each channel or the same for all. */
#include "transform_step.h"

/* Of a channel; beyond those that are given as `otherwise`. */
static double channel_value(const struct ftmrt_arg *v, int channel, double otherwise)
{
    if (v->count == 1)
        return v->numbers[0];
    return channel < (int)v->count ? v->numbers[channel] : otherwise;
}

static void problem(struct ftmrt_form *f, int64_t have, int64_t want)
{
    f->problem = FTMRT_FORM_CHANNELS;
    f->have = have;
    f->want = want;
}

void size_normalize(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    const struct ftmrt_arg *mean = ftmrt_call_arg(c, FTMRT_PARAM_normalize_mean),
                           *std = ftmrt_call_arg(c, FTMRT_PARAM_normalize_std);
    const uint32_t values = mean->count > std->count ? mean->count : std->count;
    const double scale = ftmrt_call_number(c, FTMRT_PARAM_normalize_scale);
    f->normalized = true;
    for (int k = 0; k < FTMRT_PICTURE_CHANNELS; k++) {
        f->mean[k] = channel_value(mean, k, 0) * scale;
        f->std[k] = channel_value(std, k, 1) * scale;
    }
    if (mean->count > 1 && std->count > 1 && mean->count != std->count)
        problem(f, mean->count, std->count);
    else if (values > 1 && f->channels && f->channels != (int)values)
        problem(f, f->channels, values);
    else if (values > FTMRT_PICTURE_CHANNELS)
        problem(f, FTMRT_PICTURE_CHANNELS, values);
    else if (values > 1)
        f->channels = (int)values;
}

/* Pixels stay: what is said here is done when they become floats. */
void run_normalize(const struct ftmrt_call *c, struct transform *t)
{
    const struct ftmrt_arg *mean = ftmrt_call_arg(c, FTMRT_PARAM_normalize_mean),
                           *std = ftmrt_call_arg(c, FTMRT_PARAM_normalize_std);
    t->scale = ftmrt_call_number(c, FTMRT_PARAM_normalize_scale);
    for (int k = 0; k < FTMRT_PICTURE_CHANNELS; k++) {
        t->mean[k] = channel_value(mean, k, 0);
        t->std[k] = channel_value(std, k, 1);
    }
}
