#include "input_pixels.h"

#include <math.h>

/* What becomes of numbers: the last step normalises, or they are pixels. */
static void find_units(const struct config_input *in, float zero[FTMRT_PICTURE_CHANNELS],
                       float one[FTMRT_PICTURE_CHANNELS])
{
    const struct ftmrt_pipeline *p = &in->transform;
    struct ftmrt_form f = {.channels = (int)in->channels};
    if (p->count)
        ftmrt_form_step(&p->steps[p->count - 1], &f);
    for (int c = 0; c < FTMRT_PICTURE_CHANNELS; c++) {
        zero[c] = f.normalized ? (float)f.mean[c] : 0;
        one[c] = f.normalized ? (float)f.std[c] : 1;
    }
}

static unsigned char to_pixel(float x)
{
    const float near = nearbyintf(x);
    return (unsigned char)(near > 0 ? near < 255 ? near : 255 : 0);
}

void input_pixels(const struct config_input *in, const float *input, unsigned char *pixels,
                  int64_t stride)
{
    float zero[FTMRT_PICTURE_CHANNELS], one[FTMRT_PICTURE_CHANNELS];
    find_units(in, zero, one);
    for (int64_t y = 0; y < in->height; y++) {
        unsigned char *out = pixels + y * stride;
        for (int64_t x = 0; x < in->width; x++)
            for (int64_t c = 0; c < 3; c++) {
                const int64_t from = in->channels == 3 ? c : 0;
                *out++ = to_pixel(input[(from * in->height + y) * in->width + x] * one[from] +
                                  zero[from]);
            }
    }
}
