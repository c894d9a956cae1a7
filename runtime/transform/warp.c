#include "warp.h"

#include <math.h>
#include <string.h>

#include "rounding.h"

static double radians(double degrees) { return degrees * M_PI / 180; }

/* Source: torchvision.transforms.functional._get_inverse_affine_matrix, inverted = True. */
struct warp_matrix warp_affine(const struct warp_affine *s)
{
    const double rot = radians(s->angle), sx = radians(s->shear_x), sy = radians(s->shear_y);
    const double a = cos(rot - sy) / cos(sy), c = sin(rot - sy) / cos(sy);
    const double b = -a * tan(sx) - sin(rot), d = -c * tan(sx) + cos(rot);
    struct warp_matrix w = {
        {d / s->scale, -b / s->scale, 0, -c / s->scale, a / s->scale, 0, 0, 0, 1}};
    const double x = -s->center[0] - s->x, y = -s->center[1] - s->y;
    w.m[2] = w.m[0] * x + w.m[1] * y + s->center[0];
    w.m[5] = w.m[3] * x + w.m[4] * y + s->center[1];
    return w;
}

static struct warp_matrix product(const struct warp_matrix *a, const struct warp_matrix *b)
{
    struct warp_matrix c = {{0}};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++)
            for (size_t k = 0; k < 3; k++)
                c.m[3 * i + j] += a->m[3 * i + k] * b->m[3 * k + j];
    return c;
}

/* ---- perspective ---- */

enum { UNKNOWNS = 8 };

/* Gauss with the greatest pivot; the solution is in the last column. */
static bool solve(double rows[UNKNOWNS][UNKNOWNS + 1])
{
    for (int k = 0; k < UNKNOWNS; k++) {
        int best = k;
        for (int i = k + 1; i < UNKNOWNS; i++)
            best = fabs(rows[i][k]) > fabs(rows[best][k]) ? i : best;
        if (fabs(rows[best][k]) < 1e-9)
            return false;
        for (int j = 0; j <= UNKNOWNS; j++) {
            const double x = rows[k][j];
            rows[k][j] = rows[best][j];
            rows[best][j] = x;
        }
        for (int i = 0; i < UNKNOWNS; i++) {
            const double f = i == k ? 0 : rows[i][k] / rows[k][k];
            for (int j = k; j <= UNKNOWNS; j++)
                rows[i][j] -= f * rows[k][j];
        }
    }
    for (int k = 0; k < UNKNOWNS; k++)
        rows[k][UNKNOWNS] /= rows[k][k];
    return true;
}

/* One coordinate of a corner: where it is in the picture, as a quotient of what is linear in where it goes. */
static void set_row(double row[UNKNOWNS + 1], const double to[2], double from, int first)
{
    memset(row, 0, (UNKNOWNS + 1) * sizeof *row);
    row[first] = to[0];
    row[first + 1] = to[1];
    row[first + 2] = 1;
    row[6] = -from * to[0];
    row[7] = -from * to[1];
    row[UNKNOWNS] = from;
}

bool warp_perspective(int64_t height, int64_t width, double corners[4][2], struct warp_matrix *out)
{
    const double right = (double)(width - 1), bottom = (double)(height - 1),
                 from[4][2] = {{0, 0}, {right, 0}, {right, bottom}, {0, bottom}};
    double rows[UNKNOWNS][UNKNOWNS + 1];
    for (size_t i = 0; i < 4; i++) {
        set_row(rows[2 * i], corners[i], from[i][0], 0);
        set_row(rows[2 * i + 1], corners[i], from[i][1], 3);
    }
    if (!solve(rows))
        return false;
    struct warp_matrix m;
    for (int k = 0; k < UNKNOWNS; k++)
        m.m[k] = rows[k][UNKNOWNS];
    m.m[8] = 1;
    const double x = (double)width / 2, y = (double)height / 2;
    const struct warp_matrix to_corner = {{1, 0, x, 0, 1, y, 0, 0, 1}},
                             to_middle = {{1, 0, -x, 0, 1, -y, 0, 0, 1}};
    m = product(&m, &to_corner);
    *out = product(&to_middle, &m);
    return true;
}

/* ---- pixels ---- */

/* A place of the picture, in pixels from its top left one. */
struct place {
    double x, y;
};

static struct place place_of(const struct ftmrt_picture *p, const double *m, double x, double y)
{
    const double w = m[6] * x + m[7] * y + m[8];
    return (struct place){(m[0] * x + m[1] * y + m[2]) / w + (double)(p->width - 1) / 2,
                          (m[3] * x + m[4] * y + m[5]) / w + (double)(p->height - 1) / 2};
}

/* Whether a pixel beside the place can be in the picture: what is far outside, or no number, is not made an integer of. */
static bool is_near(const struct ftmrt_picture *p, struct place at)
{
    return at.x > -1 && at.y > -1 && at.x < (double)p->width && at.y < (double)p->height;
}

static void take_nearest(const struct ftmrt_picture *p, struct place at, int fill,
                         unsigned char *out)
{
    const int c = p->channels;
    const int64_t x = is_near(p, at) ? (int64_t)nearbyint(at.x) : -1,
                  y = is_near(p, at) ? (int64_t)nearbyint(at.y) : -1;
    if (x < 0 || y < 0 || x >= p->width || y >= p->height)
        memset(out, fill, (size_t)c);
    else
        memcpy(out, p->pixels + (y * p->width + x) * c, (size_t)c);
}

/* The four pixels around a place, weighted; those outside are 0 and count as uncovered, which `fill` covers. */
static void take_bilinear(const struct ftmrt_picture *p, struct place at, int fill,
                          unsigned char *out)
{
    const int c = p->channels;
    float sums[FTMRT_PICTURE_CHANNELS] = {0}, covered = 0;
    if (!is_near(p, at)) {
        memset(out, fill, (size_t)c);
        return;
    }
    const int64_t x0 = (int64_t)floor(at.x), y0 = (int64_t)floor(at.y);
    const float fx = (float)(at.x - (double)x0), fy = (float)(at.y - (double)y0);
    for (int i = 0; i < 4; i++) {
        const int64_t x = x0 + i % 2, y = y0 + i / 2;
        const float w = (i % 2 ? fx : 1 - fx) * (i / 2 ? fy : 1 - fy);
        if (x < 0 || y < 0 || x >= p->width || y >= p->height)
            continue;
        const unsigned char *v = p->pixels + (y * p->width + x) * c;
        for (int k = 0; k < c; k++)
            sums[k] += w * (float)v[k];
        covered += w;
    }
    for (int k = 0; k < c; k++)
        out[k] = (unsigned char)nearbyintf((sums[k] - (float)fill) * covered + (float)fill);
}

static void apply(struct transform *t)
{
    t->warp.apply = NULL;
    transform_pixels(t);
    const struct ftmrt_picture in = t->picture;
    const struct ftmrt_picture out = transform_picture(t, in.height, in.width);
    const bool bilinear = t->warp.bilinear && !in.mask;
    const int fill = in.mask ? 0 : t->warp.fill;
    for (int64_t y = 0; y < out.height; y++)
        for (int64_t x = 0; x < out.width; x++) {
            const struct place at = place_of(&in, t->warp.m, (double)x - (double)(in.width - 1) / 2,
                                             (double)y - (double)(in.height - 1) / 2);
            (bilinear ? take_bilinear : take_nearest)(
                &in, at, fill, out.pixels + (y * out.width + x) * out.channels);
        }
    t->picture = out;
}

void transform_warp(struct transform *t, const struct warp_matrix *m, bool bilinear, int fill)
{
    if (t->warp.apply && (t->warp.bilinear != bilinear || t->warp.fill != fill))
        transform_flush(t);
    struct warp_matrix all = *m;
    if (t->warp.apply) {
        struct warp_matrix before;
        memcpy(before.m, t->warp.m, sizeof before.m);
        all = product(&before, m);
    }
    memcpy(t->warp.m, all.m, sizeof all.m);
    t->warp.apply = apply;
    t->warp.bilinear = bilinear;
    t->warp.fill = fill;
}

void transform_form_warp(struct ftmrt_form *f)
{
    transform_form_pixels(f);
    f->space += transform_form_bytes(f);
    f->random = true;
}
