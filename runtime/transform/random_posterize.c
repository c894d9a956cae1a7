/* random_posterize(bits, p): fewer bits of each value, in a share p of the pictures; as torchvision's RandomPosterize. */
#include "colour.h"
#include "spread.h"

void size_random_posterize(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 0);
}

void run_random_posterize(const struct ftmrt_call *c, struct transform *t)
{
    struct ftmrt_picture *p = colour_picture(t);
    if (p && transform_chance(t, c, FTMRT_PARAM_random_posterize_p, 0))
        colour_posterize(p, (int)ftmrt_call_integer(c, FTMRT_PARAM_random_posterize_bits));
}
