/* Antialiased bilinear resizing: a triangle filter as wide as the scale, applied along rows and
 * then along columns.
 *
 * For an output position o of a pass with scale s = in / out, the filter is centred at (o + 1/2) s
 * and reaches max(s, 1) to both sides; weights are normalised in double precision and rounded to 22
 * bits, sums to 8 bits. */
#include <math.h>
#include <stdlib.h>

#include "image.h"
#include "report.h"

enum { WEIGHT_BITS = 22 };

/* The filter of one output position: `count` input positions from `first`. */
struct taps {
    int64_t first, count;
    int32_t *weights;
};

struct filter {
    struct taps *taps; /* one per output position */
    int32_t *storage;
};

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

static struct filter filter_make(int64_t in_size, int64_t out_size)
{
    double scale = (double)in_size / (double)out_size;
    int64_t most = (int64_t)ceil(scale > 1 ? scale : 1) * 2 + 1;
    struct filter f = {app_alloc((size_t)out_size, sizeof(struct taps)),
                       app_alloc((size_t)(out_size * most), sizeof(int32_t))};
    double *w = app_alloc((size_t)most, sizeof(double));
    for (int64_t o = 0; o < out_size; o++) {
        f.taps[o].weights = f.storage + o * most;
        fill_taps(&f.taps[o], w, scale, o, in_size);
    }
    free(w);
    return f;
}

static void filter_free(struct filter *f)
{
    free(f->taps);
    free(f->storage);
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

static void resize_rows(const struct image *in, struct image *out)
{
    struct filter f = filter_make(in->width, out->width);
    int64_t c = in->channels;
    for (int64_t y = 0; y < in->height; y++)
        for (int64_t x = 0; x < out->width; x++)
            for (int64_t k = 0; k < c; k++)
                out->pixels[(y * out->width + x) * c + k] =
                    filter_at(&f.taps[x], in->pixels + y * in->width * c + k, c);
    filter_free(&f);
}

static void resize_columns(const struct image *in, struct image *out)
{
    struct filter f = filter_make(in->height, out->height);
    int64_t row = in->width * in->channels;
    for (int64_t y = 0; y < out->height; y++)
        for (int64_t x = 0; x < row; x++)
            out->pixels[y * row + x] = filter_at(&f.taps[y], in->pixels + x, row);
    filter_free(&f);
}

void image_resize(const struct image *in, int64_t width, int64_t height, struct image *out)
{
    struct image middle = {width, in->height, in->channels, NULL};
    middle.pixels = app_alloc((size_t)(width * in->height), (size_t)in->channels);
    resize_rows(in, &middle);
    *out = (struct image){width, height, in->channels, NULL};
    out->pixels = app_alloc((size_t)(width * height), (size_t)in->channels);
    resize_columns(&middle, out);
    image_free(&middle);
}
