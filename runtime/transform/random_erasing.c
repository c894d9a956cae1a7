/* random_erasing(p, scale, ratio, value): a rectangle becomes the mean, or noise, in a share p of the pictures; as torchvision's
 * RandomErasing. That stands behind Normalize and fills with 0; here normalize is the last step, and the mean is what it makes 0 of,
 * rounded to a pixel's value. */
#include <math.h>
#include <string.h>

#include "colour.h"
#include "spread.h"

enum { TRIES = 10, DRAWS = 4 };

void size_random_erasing(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 0);
}

struct rectangle {
    int64_t top, left, height, width;
};

/* One of a drawn area and aspect that fits; false: none of ten does. */
static bool draw_rectangle(const struct ftmrt_call *c, const struct transform *t,
                           struct rectangle *r)
{
    const struct spread scale = spread_of(c, FTMRT_PARAM_random_erasing_scale, 0),
                        ratio = spread_of(c, FTMRT_PARAM_random_erasing_ratio, 0),
                        logs = {log(ratio.from), log(ratio.to)};
    const double height = (double)t->picture.height, width = (double)t->picture.width;
    for (uint32_t i = 0; i < TRIES; i++) {
        const double area = height * width * spread_draw(t, scale, 1 + DRAWS * i),
                     aspect = exp(spread_draw(t, logs, 2 + DRAWS * i)),
                     h = nearbyint(sqrt(area * aspect)), w = nearbyint(sqrt(area / aspect));
        if (h >= height || w >= width)
            continue;
        r->height = (int64_t)h;
        r->width = (int64_t)w;
        r->top = (int64_t)(transform_uniform(t, 3 + DRAWS * i) * (height - h + 1));
        r->left = (int64_t)(transform_uniform(t, 4 + DRAWS * i) * (width - w + 1));
        return true;
    }
    return false;
}

void run_random_erasing(const struct ftmrt_call *c, struct transform *t)
{
    const struct ftmrt_picture *p = colour_picture(t);
    const bool noise = ftmrt_call_word(c, FTMRT_PARAM_random_erasing_value) == 1;
    struct rectangle r;
    double zero[FTMRT_PICTURE_CHANNELS], one[FTMRT_PICTURE_CHANNELS];
    if (!p || !transform_chance(t, c, FTMRT_PARAM_random_erasing_p, 0) || !draw_rectangle(c, t, &r))
        return;
    transform_units(t, zero, one);
    for (int64_t y = r.top; y < r.top + r.height; y++)
        for (int64_t x = r.left; x < r.left + r.width; x++)
            for (int k = 0; k < p->channels; k++) {
                const int64_t at = (y * p->width + x) * p->channels + k;
                const double z = noise ? transform_normal(t, (uint64_t)at) : 0;
                const double v = nearbyint(zero[k] + z * one[k]);
                p->pixels[at] = (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v);
            }
}
