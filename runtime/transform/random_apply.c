/* random_apply(transforms, p): all of them, in a share p of the pictures; as torchvision's RandomApply. */
#include "nested.h"
#include "spread.h"

void size_random_apply(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    const struct ftmrt_pipeline p = ftmrt_pipeline_of(c, FTMRT_PARAM_random_apply_transforms);
    for (uint32_t i = 0; i < p.count; i++)
        nested_form(&p.steps[i], f);
}

void run_random_apply(const struct ftmrt_call *c, struct transform *t)
{
    const struct ftmrt_pipeline p = ftmrt_pipeline_of(c, FTMRT_PARAM_random_apply_transforms);
    const bool chosen = transform_chance(t, c, FTMRT_PARAM_random_apply_p, 0);
    for (uint32_t i = 0; chosen && i < p.count; i++)
        nested_run(&p, i, t);
}
