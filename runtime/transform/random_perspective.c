/* random_perspective(distortion_scale, p, interpolation, fill): the corners move inwards; as torchvision's RandomPerspective. */
#include "spread.h"
#include "warp.h"

void size_random_perspective(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    transform_form_warp(f);
}

/* So many pixels from a corner along a side, at most the share of half of it. */
static double inwards(const struct ftmrt_call *c, const struct transform *t, int64_t side,
                      uint32_t number)
{
    const int64_t half = side / 2;
    const double most =
        ftmrt_call_number(c, FTMRT_PARAM_random_perspective_distortion_scale) * (double)half;
    return (double)(int64_t)(transform_uniform(t, number) * ((double)(int64_t)most + 1));
}

void run_random_perspective(const struct ftmrt_call *c, struct transform *t)
{
    const int64_t height = t->picture.height, width = t->picture.width;
    double corners[4][2];
    struct warp_matrix m;
    for (uint32_t i = 0; i < 4; i++) { /* clockwise from the top left one */
        const double x = inwards(c, t, width, 1 + 2 * i), y = inwards(c, t, height, 2 + 2 * i);
        corners[i][0] = i == 1 || i == 2 ? (double)(width - 1) - x : x;
        corners[i][1] = i >= 2 ? (double)(height - 1) - y : y;
    }
    if (transform_chance(t, c, FTMRT_PARAM_random_perspective_p, 0) &&
        warp_perspective(height, width, corners, &m))
        transform_warp(t, &m, ftmrt_call_word(c, FTMRT_PARAM_random_perspective_interpolation) == 0,
                       (int)ftmrt_call_integer(c, FTMRT_PARAM_random_perspective_fill));
}
