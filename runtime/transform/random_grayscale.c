/* random_grayscale(p): a share p of the pictures loses its colours and keeps its channels; as torchvision's RandomGrayscale. */
#include "colour.h"
#include "spread.h"

void size_random_grayscale(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    colour_form(f, 0);
}

void run_random_grayscale(const struct ftmrt_call *c, struct transform *t)
{
    struct ftmrt_picture *p = colour_picture(t);
    if (p && transform_chance(t, c, FTMRT_PARAM_random_grayscale_p, 0))
        colour_grey(p);
}
