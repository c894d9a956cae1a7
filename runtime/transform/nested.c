#include "nested.h"

void nested_form(const struct ftmrt_call *step, struct ftmrt_form *f)
{
    const struct ftmrt_form before = *f;
    if (before.problem != FTMRT_FORM_FINE)
        return;
    ftmrt_form_step(step, f);
    const bool same = f->height == before.height && f->width == before.width &&
                      f->shorter == before.shorter && f->channels == before.channels &&
                      !f->normalized && !f->cut;
    if (f->problem == FTMRT_FORM_FINE && !same)
        f->problem = FTMRT_FORM_NESTED;
    f->random = true;
}

void nested_run(const struct ftmrt_pipeline *steps, uint32_t number, struct transform *t)
{
    const uint32_t within = t->within;
    t->within = (within * 31 + number + 1) % 255;
    transform_run_step(&steps->steps[number], t);
    t->within = within;
}
