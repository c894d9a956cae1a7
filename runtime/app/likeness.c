/* Pictures that look alike. Source of the hash: C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010
 * (signs of the low frequencies of a discrete cosine transform, about their median). */
#include "likeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { SIDE = 32, LOW = 8, BITS = LOW * LOW };
/* A picture whose thumbnail has less than this in it, in grey levels, shows nothing. */
#define LEAST_DEVIATION 2.0F
/* How thumbnails of copies correlate at least; measured in runtime/app/README.md. */
#define LEAST_CORRELATION 0.995F

/* ---- a picture in small ---- */

static float grey_of(const unsigned char *pixel, int channels)
{
    return channels == 3
               ? 0.299F * (float)pixel[0] + 0.587F * (float)pixel[1] + 0.114F * (float)pixel[2]
               : (float)pixel[0];
}

/* The means of n equal parts of a line, which may cut through values. */
static void average(const float *line, int64_t count, int64_t stride, int n, float *out)
{
    for (int i = 0; i < n; i++) {
        const double from = (double)i * (double)count / n, to = (double)(i + 1) * (double)count / n;
        double sum = 0;
        for (int64_t k = (int64_t)from; k < count && (double)k < to; k++) {
            const double a = (double)k > from ? (double)k : from,
                         b = (double)(k + 1) < to ? (double)(k + 1) : to;
            sum += (b - a) * (double)line[k * stride];
        }
        out[i] = (float)(sum / (to - from));
    }
}

/* The picture in grey, of SIDE x SIDE. */
static void shrink(const struct ftmrt_picture *p, float small[SIDE * SIDE])
{
    float *line = app_alloc((size_t)p->width, sizeof *line),
          *rows = app_alloc((size_t)p->height * SIDE, sizeof *rows);
    for (int64_t y = 0; y < p->height; y++) {
        for (int64_t x = 0; x < p->width; x++)
            line[x] = grey_of(p->pixels + (y * p->width + x) * p->channels, p->channels);
        average(line, p->width, 1, SIDE, rows + y * SIDE);
    }
    for (int x = 0; x < SIDE; x++) {
        float column[SIDE];
        average(rows + x, p->height, SIDE, SIDE, column);
        for (int y = 0; y < SIDE; y++)
            small[y * SIDE + x] = column[y];
    }
    free(line);
    free(rows);
}

/* ---- its hash ---- */

/* The low frequencies: low[u][v] of rows and columns. */
static void transform_low(const float small[SIDE * SIDE], float low[BITS])
{
    float basis[LOW][SIDE], rows[SIDE][LOW];
    for (int u = 0; u < LOW; u++)
        for (int k = 0; k < SIDE; k++)
            basis[u][k] = (float)cos(3.14159265358979 * (2 * k + 1) * u / (double)(2 * SIDE));
    for (int y = 0; y < SIDE; y++)
        for (int v = 0; v < LOW; v++) {
            rows[y][v] = 0;
            for (int x = 0; x < SIDE; x++)
                rows[y][v] += small[y * SIDE + x] * basis[v][x];
        }
    for (int u = 0; u < LOW; u++)
        for (int v = 0; v < LOW; v++) {
            low[u * LOW + v] = 0;
            for (int y = 0; y < SIDE; y++)
                low[u * LOW + v] += rows[y][v] * basis[u][y];
        }
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Bits of what is above the median; the mean brightness, in front, has none. */
static uint64_t bits_of(const float low[BITS])
{
    float sorted[BITS];
    uint64_t bits = 0;
    memcpy(sorted, low, sizeof sorted);
    qsort(sorted + 1, BITS - 1, sizeof *sorted, by_value);
    for (int i = 1; i < BITS; i++)
        bits |= (uint64_t)(low[i] > sorted[BITS / 2]) << i;
    return bits;
}

static void take_hashes(struct likeness *l, const float small[SIDE * SIDE])
{
    float low[BITS];
    transform_low(small, low);
    l->hash = bits_of(low);
    for (int u = 0; u < LOW; u++)
        for (int v = 1; v < LOW; v += 2) /* odd frequencies change their signs */
            low[u * LOW + v] = -low[u * LOW + v];
    l->mirrored = bits_of(low);
}

/* ---- its thumbnail ---- */

static void take_thumbnail(struct likeness *l, const float small[SIDE * SIDE])
{
    enum { COUNT = LIKENESS_SIDE * LIKENESS_SIDE };
    float at[COUNT], mean = 0, most = 0, squares = 0;
    for (int y = 0; y < LIKENESS_SIDE; y++)
        for (int x = 0; x < LIKENESS_SIDE; x++) {
            const float *s = small + (size_t)(2 * y * SIDE + 2 * x);
            at[y * LIKENESS_SIDE + x] = (s[0] + s[1] + s[SIDE] + s[SIDE + 1]) / 4;
            mean += at[y * LIKENESS_SIDE + x] / (float)COUNT;
        }
    for (int i = 0; i < COUNT; i++) {
        most = fmaxf(most, fabsf(at[i] - mean));
        squares += (at[i] - mean) * (at[i] - mean);
    }
    if (sqrtf(squares / (float)COUNT) < LEAST_DEVIATION)
        return;
    squares = 0;
    for (int i = 0; i < COUNT; i++) {
        l->thumbnail[i] = (signed char)nearbyintf((at[i] - mean) * 127 / most);
        squares += (float)l->thumbnail[i] * (float)l->thumbnail[i];
    }
    l->length = sqrtf(squares);
}

void likeness_of(struct likeness *l, const struct ftmrt_picture *p)
{
    float small[SIDE * SIDE];
    *l = (struct likeness){0};
    if (p->height < 1 || p->width < 1)
        return;
    shrink(p, small);
    take_hashes(l, small);
    take_thumbnail(l, small);
}

struct likeness *likeness_all(const struct subset *s, int threads)
{
    struct likeness *all = app_alloc((size_t)s->count, sizeof *all);
#pragma omp parallel num_threads(threads > 0 ? threads : 1)
    {
        struct buffer buffer = {0};
        struct report_held said = {
            0}; /* what is wrong with a picture is told by who trains with it */
        report_hold(&said);
#pragma omp for schedule(dynamic, 16)
        for (int64_t i = 0; i < s->count; i++) {
            union field_value v;
            if (s->source->read(s->source, s->indices ? s->indices[i] : i, FIELD_INPUT, &buffer,
                                &v))
                likeness_of(&all[i], &v.picture);
        }
        report_hold(NULL);
        free(said.lines);
        buffer_free(&buffer);
    }
    return all;
}

/* ---- pairs ---- */

static int distance(uint64_t a, uint64_t b)
{
    int bits = 0;
    for (uint64_t x = a ^ b; x; x &= x - 1)
        bits++;
    return bits;
}

static float correlation(const struct likeness *a, const struct likeness *b, bool mirrored)
{
    int sum = 0;
    for (int y = 0; y < LIKENESS_SIDE; y++) {
        const signed char *p = a->thumbnail + (size_t)(y * LIKENESS_SIDE),
                          *q = b->thumbnail + (size_t)(y * LIKENESS_SIDE);
        for (int x = 0; x < LIKENESS_SIDE; x++)
            sum += p[x] * q[mirrored ? LIKENESS_SIDE - 1 - x : x];
    }
    return a->length > 0 && b->length > 0 ? (float)sum / (a->length * b->length) : 0;
}

/* Hashes that differ in at most LIKENESS_BITS bits are equal in one of so many bands. */
enum { BANDS = LIKENESS_BITS + 1, BAND_BITS = 64 / BANDS, VALUES = 1 << BAND_BITS };

static uint64_t band_of(uint64_t hash, int band)
{
    return hash >> (band * BAND_BITS) & (VALUES - 1);
}

/* Pictures by the value of a band. */
struct band {
    int64_t begin[VALUES + 1];
    int64_t *members; /* owned */
};

static void make_band(struct band *b, const struct likeness *a, int64_t count, int band)
{
    memset(b->begin, 0, sizeof b->begin);
    b->members = app_alloc((size_t)count, sizeof *b->members);
    for (int64_t i = 0; i < count; i++)
        b->begin[band_of(a[i].hash, band) + 1]++;
    for (int k = 0; k < VALUES; k++)
        b->begin[k + 1] += b->begin[k];
    for (int64_t i = count - 1; i >= 0; i--) /* each begins where the next one did before */
        b->members[--b->begin[band_of(a[i].hash, band) + 1]] = i;
    memmove(b->begin, b->begin + 1, VALUES * sizeof *b->begin);
    b->begin[VALUES] = count;
}

struct search {
    const struct likeness *a;
    const uint64_t *contents;
    struct band bands[BANDS];
};

/* A picture with a hash, its own or its mirror image's, among those of its bands. */
static void search_hash(const struct search *s, const struct likeness *l, uint64_t content,
                        bool mirrored, struct alike *best)
{
    const uint64_t hash = mirrored ? l->mirrored : l->hash;
    for (int k = 0; k < BANDS; k++) {
        const struct band *b = &s->bands[k];
        const uint64_t value = band_of(hash, k);
        for (int64_t i = b->begin[value]; i < b->begin[value + 1]; i++) {
            const int64_t other = b->members[i];
            if (distance(s->a[other].hash, hash) > LIKENESS_BITS || s->contents[other] == content)
                continue;
            const float c = correlation(&s->a[other], l, mirrored);
            if (c >= LEAST_CORRELATION &&
                (c > best->correlation || (c == best->correlation && other < best->other)))
                *best = (struct alike){other, mirrored, c};
        }
    }
}

void likeness_find(const struct likeness *a, const uint64_t *a_contents, int64_t a_count,
                   const struct likeness *b, const uint64_t *b_contents, int64_t b_count,
                   int threads, struct alike *out)
{
    struct search s = {.a = a, .contents = a_contents};
    for (int k = 0; k < BANDS; k++)
        make_band(&s.bands[k], a, a_count, k);
#pragma omp parallel for num_threads(threads > 0 ? threads : 1) schedule(dynamic, 64)
    for (int64_t i = 0; i < b_count; i++) {
        out[i] = (struct alike){.other = -1};
        if (b[i].length <= 0)
            continue;
        search_hash(&s, &b[i], b_contents[i], false, &out[i]);
        search_hash(&s, &b[i], b_contents[i], true, &out[i]);
    }
    for (int k = 0; k < BANDS; k++)
        free(s.bands[k].members);
}
