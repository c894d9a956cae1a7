/* random_affine(degrees, translate, scale, shear, interpolation, fill): shear, scale, rotation to the right and shift at once, about the
 * middle; as torchvision's RandomAffine. */
#include <math.h>

#include "spread.h"
#include "warp.h"

void size_random_affine(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    transform_form_warp(f);
}

/* A whole number of pixels, at most the share of the side either way. */
static double shift(const struct ftmrt_call *c, const struct transform *t, uint32_t which,
                    int64_t side)
{
    const struct ftmrt_arg *a = ftmrt_call_arg(c, FTMRT_PARAM_random_affine_translate);
    const double most = a->kind == FTMRT_ARG_NUMBERS ? a->numbers[which] * (double)side : 0;
    return nearbyint(spread_draw(t, (struct spread){-most, most}, 1 + which));
}

void run_random_affine(const struct ftmrt_call *c, struct transform *t)
{
    const struct ftmrt_arg *scale = ftmrt_call_arg(c, FTMRT_PARAM_random_affine_scale);
    const struct spread sizes = scale->kind == FTMRT_ARG_NUMBERS
                                    ? (struct spread){scale->numbers[0], scale->numbers[1]}
                                    : (struct spread){1, 1};
    const struct warp_affine a = {
        .angle = spread_draw(t, spread_of(c, FTMRT_PARAM_random_affine_degrees, 0), 0),
        .x = shift(c, t, 0, t->picture.width),
        .y = shift(c, t, 1, t->picture.height),
        .scale = spread_draw(t, sizes, 3),
        .shear_x = spread_draw(t, spread_pair(c, FTMRT_PARAM_random_affine_shear, 0), 4),
        .shear_y = spread_draw(t, spread_pair(c, FTMRT_PARAM_random_affine_shear, 1), 5)};
    const struct warp_matrix m = warp_affine(&a);
    transform_warp(t, &m, ftmrt_call_word(c, FTMRT_PARAM_random_affine_interpolation) == 1,
                   (int)ftmrt_call_integer(c, FTMRT_PARAM_random_affine_fill));
}
