/* random_autocontrast(p): each channel from 0 to 255, in a share p of the pictures; as torchvision's RandomAutocontrast. */
#include "colour.h"
#include "spread.h"

void size_random_autocontrast(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 0);
}

void run_random_autocontrast(const struct ftmrt_call *c, struct transform *t)
{
    struct ftmrt_picture *p = colour_picture(t);
    if (p && transform_chance(t, c, FTMRT_PARAM_random_autocontrast_p, 0))
        colour_autocontrast(p);
}
