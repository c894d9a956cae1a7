/* random_rotation(degrees, interpolation, fill): about the middle; as torchvision's RandomRotation, which turns to the left. The picture
 * keeps its size. */
#include "spread.h"
#include "warp.h"

void size_random_rotation(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    transform_form_warp(f);
}

void run_random_rotation(const struct ftmrt_call *c, struct transform *t)
{
    const struct spread degrees = spread_of(c, FTMRT_PARAM_random_rotation_degrees, 0);
    const struct warp_matrix m =
        warp_affine(&(struct warp_affine){.angle = -spread_draw(t, degrees, 0), .scale = 1});
    transform_warp(t, &m, ftmrt_call_word(c, FTMRT_PARAM_random_rotation_interpolation) == 1,
                   (int)ftmrt_call_integer(c, FTMRT_PARAM_random_rotation_fill));
}
