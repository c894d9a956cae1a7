/* random_choice(transforms, p): one of them, each as likely or with the weights p; as torchvision's RandomChoice. */
#include "nested.h"

void size_random_choice(const struct ftmrt_call *c, struct ftmrt_form *f)
{
    const struct ftmrt_pipeline p = ftmrt_pipeline_of(c, FTMRT_PARAM_random_choice_transforms);
    const struct ftmrt_arg *weights = ftmrt_call_arg(c, FTMRT_PARAM_random_choice_p);
    for (uint32_t i = 0; i < p.count; i++)
        nested_form(&p.steps[i], f);
    if (f->problem == FTMRT_FORM_FINE && weights->kind == FTMRT_ARG_NUMBERS &&
        weights->count != p.count) {
        f->problem = FTMRT_FORM_WEIGHTS;
        f->have = weights->count;
        f->want = p.count;
    }
}

void run_random_choice(const struct ftmrt_call *c, struct transform *t)
{
    const struct ftmrt_pipeline p = ftmrt_pipeline_of(c, FTMRT_PARAM_random_choice_transforms);
    const struct ftmrt_arg *weights = ftmrt_call_arg(c, FTMRT_PARAM_random_choice_p);
    double sum = 0;
    for (uint32_t i = 0; i < p.count; i++)
        sum += weights->kind == FTMRT_ARG_NUMBERS ? weights->numbers[i] : 1;
    double left = transform_uniform(t, 0) * sum;
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < p.count; i++) {
        const double w = weights->kind == FTMRT_ARG_NUMBERS ? weights->numbers[i] : 1;
        if (w > 0 && left >= 0)
            chosen = i;
        left -= w;
    }
    nested_run(&p, chosen, t);
}
