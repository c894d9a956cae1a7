/* random_adjust_sharpness(sharpness_factor, p): blurs (0) or sharpens (2) a share p of the pictures; as torchvision's RandomAdjustSharpness. */
#include "colour.h"
#include "spread.h"

void size_random_adjust_sharpness(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 1);
}

void run_random_adjust_sharpness(const struct ftmrt_call *c, struct transform *t)
{
    struct ftmrt_picture *p = colour_picture(t);
    if (p && transform_chance(t, c, FTMRT_PARAM_random_adjust_sharpness_p, 0))
        colour_sharpness(
            t, ftmrt_call_number(c, FTMRT_PARAM_random_adjust_sharpness_sharpness_factor));
}
