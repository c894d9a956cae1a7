/* to_grey(): one channel. */
#include "transform_step.h"

void size_to_grey(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    (void)c;
    transform_form_channels(f, 1);
}

void run_to_grey(const struct ftmrt_call *c, struct transform *t)
{
    (void)c;
    transform_channels(t, 1);
}
