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

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    WEIGHT_BITS = 22,
    LANES = 16, /* bytes that are filtered side by side */
    LOW_BITS = 11
};

/* The filter of one output position: `count` input positions from `first`. */
struct taps {
    int64_t first, count;
    int32_t *weights;
    int32_t *
        pairs; /* of two weights each: their upper bits beside each other, then their LOW_BITS lower ones */
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
           2 * transform_round(count * (most + 1) * sizeof(int32_t)) +
           transform_round(most * sizeof(double));
}

static int32_t side_by_side(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a & 0xffff) | (int32_t)((uint32_t)b << 16);
}

static void fill_pairs(struct taps *t)
{
    const int32_t low = (1 << LOW_BITS) - 1;
    for (int64_t k = 0; k < t->count; k += 2) {
        const int32_t *w = t->weights + k;
        t->pairs[k] = side_by_side(w[0] >> LOW_BITS, w[1] >> LOW_BITS);
        t->pairs[k + 1] = side_by_side(w[0] & low, w[1] & low);
    }
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
    t->weights[t->count] = 0;
    fill_pairs(t);
}

/* The filters of all output positions. */
static const struct taps *make_filter(struct transform *t, enum resample_filter filter,
                                      int64_t in_size, int64_t out_size)
{
    const double scale = (double)in_size / (double)out_size;
    const int64_t most = most_taps(filter, in_size, out_size);
    struct taps *taps = transform_take(t, (uint64_t)out_size * sizeof *taps);
    int32_t *weights = transform_take(t, (uint64_t)(out_size * (most + 1)) * sizeof *weights);
    int32_t *pairs = transform_take(t, (uint64_t)(out_size * (most + 1)) * sizeof *pairs);
    double *w = transform_take(t, (uint64_t)most * sizeof *w);
    for (int64_t o = 0; o < out_size; o++) {
        taps[o].weights = weights + o * (most + 1);
        taps[o].pairs = pairs + o * (most + 1);
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

/* LANES sums beside each other, over positions that are `stride` bytes apart. With vectors two products of 16 bits are added at a
 * time, of the weights' upper bits and of their lower ones. */
static void add_lanes(const struct taps *t, const unsigned char *from, int64_t stride,
                      unsigned char *out)
{
#ifdef __SSE2__
    const __m128i zero = _mm_setzero_si128();
    __m128i high[4] = {zero, zero, zero, zero}, low[4], pairs[4];
    for (int i = 0; i < 4; i++)
        low[i] = _mm_set1_epi32(half);
    for (int64_t k = 0; k < t->count; k += 2, from += 2 * stride) {
        const __m128i a = _mm_loadu_si128((const void *)from),
                      b = k + 1 < t->count ? _mm_loadu_si128((const void *)(from + stride)) : zero,
                      first = _mm_unpacklo_epi8(a, b), last = _mm_unpackhi_epi8(a, b);
        const __m128i upper = _mm_set1_epi32(t->pairs[k]), lower = _mm_set1_epi32(t->pairs[k + 1]);
        pairs[0] = _mm_unpacklo_epi8(first, zero);
        pairs[1] = _mm_unpackhi_epi8(first, zero);
        pairs[2] = _mm_unpacklo_epi8(last, zero);
        pairs[3] = _mm_unpackhi_epi8(last, zero);
        for (int i = 0; i < 4; i++) {
            high[i] = _mm_add_epi32(high[i], _mm_madd_epi16(pairs[i], upper));
            low[i] = _mm_add_epi32(low[i], _mm_madd_epi16(pairs[i], lower));
        }
    }
    for (int i = 0; i < 4; i++)
        low[i] =
            _mm_srai_epi32(_mm_add_epi32(_mm_slli_epi32(high[i], LOW_BITS), low[i]), WEIGHT_BITS);
    _mm_storeu_si128((void *)out, _mm_packus_epi16(_mm_packs_epi32(low[0], low[1]),
                                                   _mm_packs_epi32(low[2], low[3])));
#else
    for (int i = 0; i < LANES; i++) {
        int32_t sum = half;
        for (int64_t k = 0; k < t->count; k++)
            sum += from[k * stride + i] * t->weights[k];
        out[i] = to_byte(sum);
    }
#endif
}

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

/* What is resampled: a picture in memory, or rows that are read into a strip of LANES rows. */
struct source {
    const struct transform *transform;
    unsigned char *strip; /* NULL: the picture is in memory */
};

/* `count` rows from y on, behind each other. */
static const unsigned char *rows_at(const struct source *s, int64_t y, int64_t count)
{
    const struct ftmrt_picture *p = &s->transform->picture;
    const int64_t row = p->width * p->channels;
    if (!s->strip)
        return p->pixels + y * row;
    for (int64_t i = 0; i < count; i++)
        transform_read(s->transform, y + i, s->strip + i * row);
    return s->strip;
}

/* Row by row. */
static void filter_rows(const struct taps *taps, const struct source *s,
                        const struct ftmrt_picture *out)
{
    const int64_t c = out->channels;
    for (int64_t y = 0; y < out->height; y++) {
        const unsigned char *from = rows_at(s, y, 1);
        unsigned char *to = out->pixels + y * out->width * c;
        for (int64_t x = 0; x < out->width; x++)
            (c == 1 ? filter_grey : filter_rgb)(&taps[x], from, to + x * c);
    }
}

/* Turns a square of LANES x LANES bytes, whose rows are so far apart. */
static void turn_square(const unsigned char *from, int64_t from_stride, unsigned char *to,
                        int64_t to_stride)
{
#ifdef __SSE2__
    /* Row i beside row i + 8, four times. */
    __m128i a[LANES], b[LANES];
    for (int i = 0; i < LANES; i++)
        a[i] = _mm_loadu_si128((const void *)(from + i * from_stride));
    for (int turn = 0; turn < 4; turn++) {
        for (int64_t i = 0; i < LANES / 2; i++) {
            b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + LANES / 2]);
            b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + LANES / 2]);
        }
        for (int i = 0; i < LANES; i++)
            a[i] = b[i];
    }
    for (int i = 0; i < LANES; i++)
        _mm_storeu_si128((void *)(to + i * to_stride), a[i]);
#else
    for (int i = 0; i < LANES; i++)
        for (int k = 0; k < LANES; k++)
            to[k * to_stride + i] = from[i * from_stride + k];
#endif
}

/* Where a square begins: the last one ends where the bytes do, over a part of the one before. */
static int64_t square_at(int64_t begin, int64_t end)
{
    return begin + LANES < end ? begin : end - LANES;
}

/* LANES rows as columns beside each other, [positions, channels, LANES], filtered along the positions. */
static void filter_lanes(const struct taps *taps, const unsigned char *in, int64_t channels,
                         int64_t out_width, unsigned char *out)
{
    const int64_t stride = channels * LANES;
    for (int64_t x = 0; x < out_width; x++)
        for (int64_t i = 0; i < stride; i += LANES)
            add_lanes(&taps[x], in + taps[x].first * stride + i, stride, out + x * stride + i);
}

/* Turned rows before and behind the filter. */
static uint64_t lanes_space(int64_t row) { return transform_round((uint64_t)row * LANES); }

static bool in_lanes(int64_t height, int64_t in_row, int64_t out_row)
{
    return height >= LANES && in_row >= LANES && out_row >= LANES;
}

static void filter_rows_in_lanes(struct transform *t, const struct taps *taps,
                                 const struct source *s, const struct ftmrt_picture *out)
{
    const struct ftmrt_picture *in = &s->transform->picture;
    const int64_t in_row = in->width * in->channels, out_row = out->width * out->channels;
    unsigned char *before = transform_take(t, lanes_space(in_row)),
                  *behind = transform_take(t, lanes_space(out_row));
    for (int64_t begin = 0; begin < in->height; begin += LANES) {
        const int64_t y = square_at(begin, in->height);
        const unsigned char *from = rows_at(s, y, LANES);
        for (int64_t i = 0; i < in_row; i += LANES) {
            const int64_t x = square_at(i, in_row);
            turn_square(from + x, in_row, before + x * LANES, LANES);
        }
        filter_lanes(taps, before, in->channels, out->width, behind);
        for (int64_t i = 0; i < out_row; i += LANES) {
            const int64_t x = square_at(i, out_row);
            turn_square(behind + x * LANES, LANES, out->pixels + y * out_row + x, out_row);
        }
    }
}

static void resample_rows(struct transform *t, const struct source *s,
                          const struct ftmrt_picture *out, enum resample_filter filter)
{
    const struct ftmrt_picture *in = &s->transform->picture;
    const struct taps *taps = make_filter(t, filter, in->width, out->width);
    if (in_lanes(in->height, in->width * in->channels, out->width * out->channels))
        filter_rows_in_lanes(t, taps, s, out);
    else
        filter_rows(taps, s, out);
}

static void filter_byte(const struct taps *t, const unsigned char *from, int64_t stride,
                        unsigned char *out)
{
    int32_t sum = half;
    for (int64_t k = 0; k < t->count; k++)
        sum += from[k * stride] * t->weights[k];
    *out = to_byte(sum);
}

static void filter_columns(const struct taps *t, const unsigned char *in, int64_t row,
                           unsigned char *out)
{
    const unsigned char *from = in + t->first * row;
    if (row < LANES) {
        for (int64_t x = 0; x < row; x++)
            filter_byte(t, from + x, row, out + x);
        return;
    }
    for (int64_t i = 0; i < row; i += LANES) {
        const int64_t x = square_at(i, row);
        add_lanes(t, from + x, row, out + x);
    }
}

static void resample_columns(struct transform *t, const struct ftmrt_picture *in,
                             const struct ftmrt_picture *out, enum resample_filter filter)
{
    const struct taps *taps = make_filter(t, filter, in->height, out->height);
    const int64_t row = in->width * in->channels;
    for (int64_t y = 0; y < out->height; y++)
        filter_columns(&taps[y], in->pixels, row, out->pixels + y * row);
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
static void take_nearest(const struct source *s, const struct ftmrt_picture *out)
{
    const struct ftmrt_picture *in = &s->transform->picture;
    const int64_t c = in->channels;
    const double scale_y = (double)in->height / (double)out->height,
                 scale_x = (double)in->width / (double)out->width;
    double place = scale_y / 2;
    for (int64_t y = 0; y < out->height; y++, place += scale_y)
        take_nearest_row(rows_at(s, (int64_t)place, 1), out->pixels + y * out->width * c,
                         out->width, scale_x, c);
}

/* ---- both ---- */

uint64_t resample_space(const struct ftmrt_form *from, const struct ftmrt_form *to,
                        enum resample_filter filter)
{
    const struct ftmrt_form middle = {
        .height = from->height, .width = to->width, .channels = from->channels};
    if (from->height == to->height && from->width == to->width)
        return 0;
    const uint64_t strip = from->rows ? lanes_space(from->width * from->channels) : 0;
    if (filter == RESAMPLE_NEAREST)
        return strip + transform_form_bytes(to);
    return strip + transform_form_bytes(&middle) + transform_form_bytes(to) +
           lanes_space(from->width * from->channels) + lanes_space(to->width * from->channels) +
           filter_space(filter, from->width, to->width) +
           filter_space(filter, from->height, to->height);
}

void resample(struct transform *t, int64_t height, int64_t width, enum resample_filter filter)
{
    const struct transform from = *t;
    const struct ftmrt_picture in = t->picture;
    if (height == in.height && width == in.width)
        return;
    const struct source s = {&from, t->rows ? transform_take(t, lanes_space(in.width * in.channels))
                                            : NULL};
    t->rows = NULL;
    t->picture = transform_picture(t, height, width);
    if (in.mask || filter == RESAMPLE_NEAREST) {
        take_nearest(&s, &t->picture);
        return;
    }
    const struct ftmrt_picture middle = transform_picture(t, in.height, width);
    resample_rows(t, &s, &middle, filter);
    resample_columns(t, &middle, &t->picture, filter);
}
