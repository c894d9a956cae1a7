/* Initial values of parameters that have no source tensor.
 *
 * DEFAULT is what torch.nn.Linear and Conv2d do: kaiming_uniform with a = sqrt(5) for the weight is
 * U(-1/sqrt(fan_in), 1/sqrt(fan_in)), the same bound as the bias has. Normal deviates are made by
 * the transform of Box and Muller (1958) from two uniform ones of the same element; everything is
 * computed in double and rounded once. */
#include "core.h"

#include <math.h>

static double normal_element(uint64_t seed, uint64_t stream, int64_t index)
{
    const double tau = 6.283185307179586476925;
    const double radius = ftmrt_uniform(seed, stream, (uint64_t)index, FTMRT_USE_INIT);
    const double angle = ftmrt_uniform(seed, stream, (uint64_t)index, FTMRT_USE_INIT_ANGLE);
    return sqrt(-2.0 * log(1.0 - radius)) * cos(tau * angle);
}

/* 1 where the layer passes its input on: equal channels, at the centre tap. */
static float identity_element(const struct ftmrt_state *state, int64_t index)
{
    if (state->rank == 2)
        return index / state->dim[1] == index % state->dim[1] ? 1.0F : 0.0F;
    if (state->rank != 4)
        return 0.0F;
    const int64_t kh = state->dim[2], kw = state->dim[3], in = state->dim[1];
    const int64_t tap = index % (kh * kw), pair = index / (kh * kw);
    const int depthwise = in == 1; /* then each filter sees its own channel */
    const int same = depthwise || pair / in == pair % in;
    return same && tap == kh / 2 * kw + kw / 2 ? 1.0F : 0.0F;
}

float ftmrt_initial_element(const struct ftmrt_state *state, uint64_t seed, uint64_t stream,
                            int64_t index)
{
    const double fan_in = state->fan_in > 0 ? (double)state->fan_in : 1.0;
    switch ((enum ftmrt_init)state->init) {
    case FTMRT_INIT_DEFAULT: {
        const double u = ftmrt_uniform(seed, stream, (uint64_t)index, FTMRT_USE_INIT);
        return (float)((2.0 * u - 1.0) / sqrt(fan_in));
    }
    case FTMRT_INIT_ZEROS: return 0.0F;
    case FTMRT_INIT_ONES: return 1.0F;
    case FTMRT_INIT_IDENTITY: return identity_element(state, index);
    case FTMRT_INIT_KAIMING_NORMAL:
        return (float)(normal_element(seed, stream, index) * sqrt(2.0 / fan_in));
    case FTMRT_INIT_NORMAL: return (float)(normal_element(seed, stream, index) * state->init_arg);
    case FTMRT_INIT_FULL: return (float)state->init_arg;
    }
    return 0.0F;
}

void ftmrt_initial_value(const struct ftmrt_state *state, uint64_t seed, float *dst)
{
    const uint64_t stream = ftmrt_name_hash(state->name);
    const int64_t count = ftmrt_elements(state->rank, state->dim);
    for (int64_t i = 0; i < count; i++)
        dst[i] = ftmrt_initial_element(state, seed, stream, i);
}
