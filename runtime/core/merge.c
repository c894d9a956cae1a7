/* What reductions over the batch pass through before anything is divided. */
#include "core.h"

static void add(struct ftmrt_partial *into, const struct ftmrt_partial *from)
{
    for (int64_t i = 0; i < into->count; i++)
        into->values[i] += from->values[i];
}

/* In double precision: the mean of many is as good as that of few. */
static void merge_moments(struct ftmrt_partial *into, const struct ftmrt_partial *from)
{
    const int64_t channels = into->count / 2;
    const double a = (double)into->size, b = (double)from->size, share = b / (a + b);
    for (int64_t c = 0; c < channels; c++) {
        float *mean = &into->values[c], *deviations = &into->values[channels + c];
        const double delta = (double)from->values[c] - (double)*mean;
        const double both = (double)*deviations + (double)from->values[channels + c];
        *mean = (float)((double)*mean + delta * share);
        *deviations = (float)(both + delta * delta * a * share);
    }
}

void ftmrt_merge_partial(enum ftmrt_merge_kind kind, struct ftmrt_partial *into,
                         const struct ftmrt_partial *from)
{
    if (kind == FTMRT_MERGE_MOMENTS)
        merge_moments(into, from);
    else
        add(into, from);
    into->size += from->size;
}

void ftmrt_merge(const struct ftmrt_task *task, enum ftmrt_merge_kind kind, float *values,
                 int64_t count, int64_t places)
{
    const struct ftmrt_context *c = task->context;
    const struct ftmrt_partial partial = {values, count, task->n * places,
                                          task->step_images * places};
    if (c->merge)
        c->merge(c->merge_user, kind, &partial);
}

void ftmrt_clock(const struct ftmrt_task *task, const char *kernel, int end)
{
    const struct ftmrt_context *c = task->context;
    if (c->clock)
        c->clock(c->clock_user, kernel, end);
}
