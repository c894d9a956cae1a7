/* random_solarize(threshold, p): the negative of what is at least the threshold, in a share p of the pictures; as torchvision's RandomSolarize. */
#include "colour.h"
#include "spread.h"

void size_random_solarize(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 0);
}

void run_random_solarize(const struct ftmrt_call *c, struct transform *t)
{
    struct ftmrt_picture *p = colour_picture(t);
    if (p && transform_chance(t, c, FTMRT_PARAM_random_solarize_p, 0))
        colour_solarize(p, ftmrt_call_number(c, FTMRT_PARAM_random_solarize_threshold));
}
