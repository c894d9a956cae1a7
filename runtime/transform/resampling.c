/* A filter as wide as the scale is applied along rows and then along columns; the result equals Pillow's Image.resize to
 * within 1/255.
 *
 * For an output position o of a pass with scale s = in / out, the filter is centred at (o + 1/2) s and reaches its support
 * times max(s, 1) to both sides; weights are normalised in double precision and rounded to 22 bits, sums to 8 bits. Source:
 * the convolution resampling of Pillow's documentation; weights and rounding as its 8-bit path, with 8 bits between the
 * passes, rows first (Pillow 13 takes columns first where that is less work, which the edges of noise show). The cubic filter is Keys' (1981) with a = -1/2. The nearest pixel
 * is that of the output pixel's centre. */
#include "resampling.h"

#include <math.h>

enum { WEIGHT_BITS = 22, CHUNK = 512 };

/* The filter of one output position: `count` input positions from `first`. */
struct taps {
    int64_t first, count;
    int32_t *weights;
};

/* ---- filters ---- */

static double triangle(double x) { return x < 1 ? 1 - x : 0; }

static double cubic(double x)
{
    static const double a = -0.5;
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static const struct {
    double support;
    double (*weight)(double distance);
} filters[] = {[RESAMPLE_BILINEAR] = {1, triangle}, [RESAMPLE_BICUBIC] = {2, cubic}};

static double reach(enum resample_filter filter, double scale)
{
    return filters[filter].support * (scale > 1 ? scale : 1);
}

/* Weights of an output position at most. */
static int64_t most_taps(enum resample_filter filter, int64_t in_size, int64_t out_size)
{
    return (int64_t)ceil(reach(filter, (double)in_size / (double)out_size)) * 2 + 1;
}

static uint64_t filter_space(enum resample_filter filter, int64_t in_size, int64_t out_size)
{
    const uint64_t most = (uint64_t)most_taps(filter, in_size, out_size),
                   count = (uint64_t)out_size;
    return transform_round(count * sizeof(struct taps)) +
           transform_round(count * most * sizeof(int32_t)) + transform_round(most * sizeof(double));
}

static void fill_taps(struct taps *t, double *w, enum resample_filter filter, double scale,
                      int64_t o, int64_t in_size)
{
    const double width = reach(filter, scale), center = ((double)o + 0.5) * scale,
                 unit = 1 / (scale > 1 ? scale : 1);
    int64_t first = (int64_t)(center - width + 0.5), end = (int64_t)(center + width + 0.5);
    first = center - width + 0.5 < 0 ? 0 : first;
    end = end > in_size ? in_size : end;
    double sum = 0;
    for (int64_t i = first; i < end; i++)
        sum += w[i - first] = filters[filter].weight(fabs(((double)i - center + 0.5) * unit));
    t->first = first;
    t->count = end - first;
    for (int64_t k = 0; k < t->count; k++) {
        const double v = w[k] / sum * (1 << WEIGHT_BITS);
        t->weights[k] = (int32_t)(v < 0 ? v - 0.5 : v + 0.5);
    }
}

/* The filters of all output positions. */
static const struct taps *make_filter(struct transform *t, enum resample_filter filter,
                                      int64_t in_size, int64_t out_size)
{
    const double scale = (double)in_size / (double)out_size;
    const int64_t most = most_taps(filter, in_size, out_size);
    struct taps *taps = transform_take(t, (uint64_t)out_size * sizeof *taps);
    int32_t *weights = transform_take(t, (uint64_t)(out_size * most) * sizeof *weights);
    double *w = transform_take(t, (uint64_t)most * sizeof *w);
    for (int64_t o = 0; o < out_size; o++) {
        taps[o].weights = weights + o * most;
        fill_taps(&taps[o], w, filter, scale, o, in_size);
    }
    return taps;
}

/* ---- the two passes ---- */

/* Sums of 255 by weights that add up to 1: less than 2^31 even where a cubic filter's overshoot. */
static unsigned char to_byte(int32_t sum)
{
    sum >>= WEIGHT_BITS;
    return (unsigned char)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static const int32_t half = 1 << (WEIGHT_BITS - 1);

static void filter_grey(const struct taps *t, const unsigned char *row, unsigned char *out)
{
    int32_t sum = half;
    for (int64_t k = 0; k < t->count; k++)
        sum += row[t->first + k] * t->weights[k];
    *out = to_byte(sum);
}

static void filter_rgb(const struct taps *t, const unsigned char *row, unsigned char *out)
{
    int32_t r = half, g = half, b = half;
    const unsigned char *p = row + 3 * t->first;
    for (int64_t k = 0; k < t->count; k++, p += 3) {
        r += p[0] * t->weights[k];
        g += p[1] * t->weights[k];
        b += p[2] * t->weights[k];
    }
    out[0] = to_byte(r);
    out[1] = to_byte(g);
    out[2] = to_byte(b);
}

static void resample_rows(struct transform *t, const struct ftmrt_picture *in,
                          const struct ftmrt_picture *out, enum resample_filter filter)
{
    const struct taps *taps = make_filter(t, filter, in->width, out->width);
    const int64_t c = in->channels;
    for (int64_t y = 0; y < in->height; y++) {
        const unsigned char *from = in->pixels + y * in->width * c;
        unsigned char *to = out->pixels + y * out->width * c;
        for (int64_t x = 0; x < out->width; x++)
            (c == 1 ? filter_grey : filter_rgb)(&taps[x], from, to + x * c);
    }
}

/* A piece of an output row: sums beside each other, so that the compiler computes many at once. */
static void filter_columns(const struct taps *t, const unsigned char *in, int64_t stride,
                           int64_t count, unsigned char *out)
{
    int32_t sums[CHUNK];
    for (int64_t x = 0; x < count; x++)
        sums[x] = half;
    for (int64_t k = 0; k < t->count; k++) {
        const unsigned char *row = in + (t->first + k) * stride;
        const int32_t w = t->weights[k];
        for (int64_t x = 0; x < count; x++)
            sums[x] += row[x] * w;
    }
    for (int64_t x = 0; x < count; x++)
        out[x] = to_byte(sums[x]);
}

static void resample_columns(struct transform *t, const struct ftmrt_picture *in,
                             const struct ftmrt_picture *out, enum resample_filter filter)
{
    const struct taps *taps = make_filter(t, filter, in->height, out->height);
    const int64_t row = in->width * in->channels;
    for (int64_t y = 0; y < out->height; y++)
        for (int64_t x = 0; x < row; x += CHUNK)
            filter_columns(&taps[y], in->pixels + x, row, row - x < CHUNK ? row - x : CHUNK,
                           out->pixels + y * row + x);
}

static void take_nearest_row(const unsigned char *from, unsigned char *to, int64_t count,
                             double scale, int64_t channels)
{
    double place = scale / 2;
    for (int64_t x = 0; x < count; x++, place += scale)
        for (int64_t k = 0; k < channels; k++)
            to[x * channels + k] = from[(int64_t)place * channels + k];
}

/* Places are added up in double precision, which decides where a centre lies on an edge: as Pillow does. */
static void take_nearest(const struct ftmrt_picture *in, const struct ftmrt_picture *out)
{
    const int64_t c = in->channels;
    const double scale_y = (double)in->height / (double)out->height,
                 scale_x = (double)in->width / (double)out->width;
    double place = scale_y / 2;
    for (int64_t y = 0; y < out->height; y++, place += scale_y)
        take_nearest_row(in->pixels + (int64_t)place * in->width * c,
                         out->pixels + y * out->width * c, out->width, scale_x, c);
}

/* ---- both ---- */

uint64_t resample_space(const struct ftmrt_form *from, const struct ftmrt_form *to,
                        enum resample_filter filter)
{
    const struct ftmrt_form middle = {
        .height = from->height, .width = to->width, .channels = from->channels};
    if (from->height == to->height && from->width == to->width)
        return 0;
    if (filter == RESAMPLE_NEAREST)
        return transform_form_bytes(to);
    return transform_form_bytes(&middle) + transform_form_bytes(to) +
           filter_space(filter, from->width, to->width) +
           filter_space(filter, from->height, to->height);
}

void resample(struct transform *t, int64_t height, int64_t width, enum resample_filter filter)
{
    const struct ftmrt_picture in = t->picture;
    if (height == in.height && width == in.width)
        return;
    t->picture = transform_picture(t, height, width);
    if (in.mask || filter == RESAMPLE_NEAREST) {
        take_nearest(&in, &t->picture);
        return;
    }
    const struct ftmrt_picture middle = transform_picture(t, in.height, width);
    resample_rows(t, &in, &middle, filter);
    resample_columns(t, &middle, &t->picture, filter);
}
