/* to_rgb(): three channels, of a grey picture equal ones. */
#include "transform_step.h"

void size_to_rgb(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    transform_form_channels(f, 3);
}

void run_to_rgb(const struct ftmrt_call *c, struct transform *t)
{
    (void)c;
    transform_channels(t, 3);
}
