#include "lr_curve.h"

#include <math.h>
#include <stdlib.h>

#include "report.h"

void lr_curve_open(struct lr_curve *c, double from, double to, int64_t steps)
{
    *c = (struct lr_curve){.from = from,
                           .factor = pow(to / from, 1 / (double)(steps - 1)),
                           .losses = app_alloc((size_t)steps, sizeof *c->losses),
                           .capacity = steps,
                           .lowest = INFINITY};
}

void lr_curve_close(struct lr_curve *c)
{
    free(c->losses);
    *c = (struct lr_curve){0};
}

double lr_curve_rate(const struct lr_curve *c, int64_t step)
{
    return c->from * pow(c->factor, (double)step);
}

bool lr_curve_add(struct lr_curve *c, double loss)
{
    const double keep = 0.8;
    if (!isfinite(loss))
        return false;
    c->mean = c->count ? keep * c->mean + (1 - keep) * loss : loss;
    c->lowest = fmin(c->lowest, c->mean);
    c->losses[c->count++] = loss;
    return c->mean <= 4 * c->lowest;
}

/* Steps on either side. */
static int64_t reach(const struct lr_curve *c) { return c->capacity / 20 + 1; }

void lr_curve_smooth(const struct lr_curve *c, double *out)
{
    for (int64_t i = 0; i < c->count; i++) {
        int64_t w = reach(c);
        w = w > i ? i : w;
        w = w > c->count - 1 - i ? c->count - 1 - i : w;
        out[i] = 0;
        for (int64_t k = i - w; k <= i + w; k++)
            out[i] += c->losses[k] / (double)(2 * w + 1);
    }
}

/* How far the losses of the first steps, whose rates change nothing, are from each other. */
static double noise(const struct lr_curve *c)
{
    const int64_t n = 2 * reach(c) + 1 < c->count ? 2 * reach(c) + 1 : c->count;
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        mean += c->losses[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (c->losses[i] - mean) * (c->losses[i] - mean);
    return n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : 0;
}

bool lr_curve_hint(const struct lr_curve *c, struct lr_hint *out)
{
    *out = (struct lr_hint){0};
    if (c->count < 3)
        return false;
    double *smooth = app_alloc((size_t)c->count, sizeof *smooth), fall = 0;
    lr_curve_smooth(c, smooth);
    for (int64_t i = 1; i < c->count; i++)
        if (smooth[i] < smooth[out->lowest])
            out->lowest = i;
    const int64_t w = reach(c);
    for (int64_t i = 1; i < out->lowest; i++) {
        const int64_t a = i > w ? i - w : 0, b = i + w < out->lowest ? i + w : out->lowest;
        const double slope = (smooth[a] - smooth[b]) / (double)(b - a);
        if (slope > fall) {
            fall = slope;
            out->steepest = i;
        }
    }
    const bool falls = out->steepest > 0 && smooth[0] - smooth[out->lowest] > 4 * noise(c);
    free(smooth);
    return falls;
}
