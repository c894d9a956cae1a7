/* random_invert(p): the negative of a share p of the pictures; as torchvision's RandomInvert. */
#include "colour.h"
#include "spread.h"

void size_random_invert(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 0);
}

void run_random_invert(const struct ftmrt_call *c, struct transform *t)
{
    struct ftmrt_picture *p = colour_picture(t);
    if (p && transform_chance(t, c, FTMRT_PARAM_random_invert_p, 0))
        colour_invert(p);
}
