/* gaussian_blur(kernel_size, sigma): with a drawn sigma, edges reflected; as torchvision's GaussianBlur, whose kernel is the same both
 * ways. A row of the result is a weighted sum of rows, in f32, and each of its pixels one of pixels of that. */
#include <math.h>
#include <string.h>

#include "colour.h"
#include "spread.h"

enum { LONGEST = 255 };

static uint64_t line_bytes(int64_t width, int channels)
{
    return transform_round((uint64_t)width * (uint64_t)channels * sizeof(float));
}

void size_gaussian_blur(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 1);
    f->space += line_bytes(f->width, f->channels);
}

/* Weights of a kernel, which add up to 1. Source: torchvision's _get_gaussian_kernel1d. */
static void fill_kernel(float *weights, int size, double sigma)
{
    const double most = (size - 1) / (2 * sqrt(2.0));
    double sum = 0, w[LONGEST];
    for (int i = 0; i < size; i++) {
        const double x = size > 1 ? -most + 2 * most * i / (size - 1) : 0;
        sum += w[i] = exp(-(x / sigma) * (x / sigma));
    }
    for (int i = 0; i < size; i++)
        weights[i] = (float)(w[i] / sum);
}

/* A place of a line, reflected at its ends. */
static int64_t reflected(int64_t i, int64_t count)
{
    while (count > 1 && (i < 0 || i >= count))
        i = i < 0 ? -i : 2 * (count - 1) - i;
    return count > 1 ? i : 0;
}

static void blur_row(const struct ftmrt_picture *in, int64_t y, const float *weights, int size,
                     float *line, unsigned char *out)
{
    const int64_t values = in->width * in->channels;
    memset(line, 0, (size_t)values * sizeof *line);
    for (int k = 0; k < size; k++) {
        const unsigned char *row = in->pixels + reflected(y + k - size / 2, in->height) * values;
        for (int64_t i = 0; i < values; i++)
            line[i] += weights[k] * (float)row[i];
    }
    for (int64_t x = 0; x < in->width; x++)
        for (int c = 0; c < in->channels; c++) {
            float sum = 0;
            for (int k = 0; k < size; k++)
                sum += weights[k] * line[reflected(x + k - size / 2, in->width) * in->channels + c];
            out[x * in->channels + c] = (unsigned char)nearbyintf(sum > 255 ? 255 : sum);
        }
}

void run_gaussian_blur(const struct ftmrt_call *c, struct transform *t)
{
    const struct ftmrt_picture *in = colour_picture(t);
    const int size = (int)ftmrt_call_integer(c, FTMRT_PARAM_gaussian_blur_kernel_size);
    float weights[LONGEST];
    if (!in)
        return;
    fill_kernel(weights, size, spread_draw(t, spread_of(c, FTMRT_PARAM_gaussian_blur_sigma, 0), 0));
    const struct ftmrt_picture out = transform_picture(t, in->height, in->width);
    float *line = transform_take(t, line_bytes(in->width, in->channels));
    for (int64_t y = 0; y < in->height; y++)
        blur_row(in, y, weights, size, line, out.pixels + y * in->width * in->channels);
    t->picture = out;
}
