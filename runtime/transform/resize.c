/* resize(height, width): antialiased bilinear resizing; the result equals Pillow's Image.resize(BILINEAR) to within
 * 1/255. A triangle filter as wide as the scale is applied along rows and then along columns.
 *
 * For an output position o of a pass with scale s = in / out, the filter is centred at (o + 1/2) s and reaches max(s, 1) to
 * both sides; weights are normalised in double precision and rounded to 22 bits, sums to 8 bits. Source: the convolution
 * resampling of Pillow's documentation; weights and rounding as its 8-bit path: horizontal pass first, 8 bits between the
 * passes. A mask takes the nearest pixel instead, that of the output pixel's centre. */
#include <math.h>

#include "transform_step.h"

enum { WEIGHT_BITS = 22 };

/* The filter of one output position: `count` input positions from `first`. */
struct taps {
    int64_t first, count;
    int32_t *weights;
};

/* ---- filters ---- */

/* Weights of an output position at most. */
static int64_t most_taps(int64_t in_size, int64_t out_size)
{
    const double scale = (double)in_size / (double)out_size;
    return (int64_t)ceil(scale > 1 ? scale : 1) * 2 + 1;
}

static uint64_t filter_space(int64_t in_size, int64_t out_size)
{
    const uint64_t most = (uint64_t)most_taps(in_size, out_size), count = (uint64_t)out_size;
    return transform_round(count * sizeof(struct taps)) +
           transform_round(count * most * sizeof(int32_t)) + transform_round(most * sizeof(double));
}

static void fill_taps(struct taps *t, double *w, double scale, int64_t o, int64_t in_size)
{
    double width = scale > 1 ? scale : 1, center = ((double)o + 0.5) * scale;
    int64_t first = (int64_t)(center - width + 0.5), end = (int64_t)(center + width + 0.5);
    first = center - width + 0.5 < 0 ? 0 : first;
    end = end > in_size ? in_size : end;
    double sum = 0;
    for (int64_t i = first; i < end; i++) {
        double x = fabs(((double)i - center + 0.5) / width);
        w[i - first] = x < 1 ? 1 - x : 0;
        sum += w[i - first];
    }
    t->first = first;
    t->count = end - first;
    for (int64_t k = 0; k < t->count; k++) {
        double v = w[k] / sum * (1 << WEIGHT_BITS);
        t->weights[k] = (int32_t)(v < 0 ? v - 0.5 : v + 0.5);
    }
}

/* The filters of all output positions. */
static const struct taps *make_filter(struct transform *t, int64_t in_size, int64_t out_size)
{
    const double scale = (double)in_size / (double)out_size;
    const int64_t most = most_taps(in_size, out_size);
    struct taps *taps = transform_take(t, (uint64_t)out_size * sizeof *taps);
    int32_t *weights = transform_take(t, (uint64_t)(out_size * most) * sizeof *weights);
    double *w = transform_take(t, (uint64_t)most * sizeof *w);
    for (int64_t o = 0; o < out_size; o++) {
        taps[o].weights = weights + o * most;
        fill_taps(&taps[o], w, scale, o, in_size);
    }
    return taps;
}

static unsigned char to_byte(int64_t v)
{
    v >>= WEIGHT_BITS;
    return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* One output sample: input samples `stride` apart from p. */
static unsigned char filter_at(const struct taps *t, const unsigned char *p, int64_t stride)
{
    int64_t sum = (int64_t)1 << (WEIGHT_BITS - 1);
    for (int64_t k = 0; k < t->count; k++)
        sum += (int64_t)p[(t->first + k) * stride] * t->weights[k];
    return to_byte(sum);
}

/* ---- the two passes ---- */

static void resize_rows(struct transform *t, const struct ftmrt_picture *in,
                        const struct ftmrt_picture *out)
{
    const struct taps *filter = make_filter(t, in->width, out->width);
    const int64_t c = in->channels;
    for (int64_t y = 0; y < in->height; y++)
        for (int64_t x = 0; x < out->width; x++)
            for (int64_t k = 0; k < c; k++)
                out->pixels[(y * out->width + x) * c + k] =
                    filter_at(&filter[x], in->pixels + y * in->width * c + k, c);
}

static void resize_columns(struct transform *t, const struct ftmrt_picture *in,
                           const struct ftmrt_picture *out)
{
    const struct taps *filter = make_filter(t, in->height, out->height);
    const int64_t row = in->width * in->channels;
    for (int64_t y = 0; y < out->height; y++)
        for (int64_t x = 0; x < row; x++)
            out->pixels[y * row + x] = filter_at(&filter[y], in->pixels + x, row);
}

static void resize_nearest(const struct ftmrt_picture *in, const struct ftmrt_picture *out)
{
    for (int64_t y = 0; y < out->height; y++)
        for (int64_t x = 0; x < out->width; x++) {
            const int64_t from_y = (2 * y + 1) * in->height / (2 * out->height),
                          from_x = (2 * x + 1) * in->width / (2 * out->width);
            out->pixels[y * out->width + x] = in->pixels[from_y * in->width + from_x];
        }
}

/* ---- the step ---- */

/* A side that keeps the aspect when the other becomes `shorter`, truncated as torchvision does. */
static int64_t kept_aspect(int64_t side, int64_t other, int64_t shorter)
{
    if (side <= other)
        return shorter;
    const int64_t length = (int64_t)((double)shorter * (double)side / (double)other);
    return length > 0 ? length : 1;
}

/* The new size of a picture; without a width the height is that of the shorter side. */
static void new_size(const struct ftmrt_call *c, int64_t *height, int64_t *width)
{
    const struct ftmrt_arg *w = ftmrt_call_arg(c, FTMRT_PARAM_resize_width);
    const int64_t h = ftmrt_call_integer(c, FTMRT_PARAM_resize_height), old_height = *height,
                  old_width = *width;
    const bool exact = w->kind != FTMRT_ARG_NONE;
    *height = exact ? h : kept_aspect(old_height, old_width, h);
    *width = exact ? w->integer : kept_aspect(old_width, old_height, h);
}

void size_resize(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    const int64_t height = f->height, width = f->width;
    if (!height && ftmrt_call_arg(c, FTMRT_PARAM_resize_width)->kind == FTMRT_ARG_NONE) {
        f->shorter = ftmrt_call_integer(c, FTMRT_PARAM_resize_height);
        return;
    }
    f->shorter = 0;
    new_size(c, &f->height, &f->width);
    if (!height || (height == f->height && width == f->width))
        return;
    const struct ftmrt_form middle = {.height = height, .width = f->width, .channels = f->channels};
    f->space += transform_form_bytes(&middle) + transform_form_bytes(f) +
                filter_space(width, f->width) + filter_space(height, f->height);
}

void run_resize(const struct ftmrt_call *c, struct transform *t)
{
    const struct ftmrt_picture in = t->picture;
    int64_t height = in.height, width = in.width;
    new_size(c, &height, &width);
    if (height == in.height && width == in.width)
        return;
    t->picture = transform_picture(t, height, width);
    if (in.mask) {
        resize_nearest(&in, &t->picture);
        return;
    }
    const struct ftmrt_picture middle = transform_picture(t, in.height, width);
    resize_rows(t, &in, &middle);
    resize_columns(t, &middle, &t->picture);
}
