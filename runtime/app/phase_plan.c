#include "phase_plan.h"

#include <math.h>

#include "network.h"
#include "rounding.h"

static const struct ftmrt_arg *written(const struct ftmrt_recipe *r)
{
    return ftmrt_call_arg(&r->finetune, FTMRT_PARAM_finetune_phases);
}

uint32_t phases_count(const struct ftmrt_recipe *r)
{
    return written(r)->count ? written(r)->count : 1;
}

static int64_t epochs_of(const struct ftmrt_recipe *r, uint32_t i)
{
    return written(r)->count ? ftmrt_call_integer(&written(r)->calls[i], FTMRT_PARAM_phase_epochs)
                             : ftmrt_call_integer(&r->finetune, FTMRT_PARAM_finetune_epochs);
}

int64_t phases_epochs(const struct ftmrt_recipe *r)
{
    int64_t all = 0;
    for (uint32_t i = 0; i < phases_count(r); i++)
        all += epochs_of(r, i);
    return all;
}

static struct phase phase_of(const struct ftmrt_recipe *r, uint32_t i, double lr)
{
    const struct ftmrt_call *f = &r->finetune;
    if (!written(r)->count)
        return (struct phase){.optimizer = ftmrt_call_inner(f, FTMRT_PARAM_finetune_optimizer),
                              .schedule = ftmrt_call_inner(f, FTMRT_PARAM_finetune_schedule),
                              .lr = lr};
    const struct ftmrt_call *c = &written(r)->calls[i];
    struct phase p = {.name = ftmrt_call_text(c, FTMRT_PARAM_phase_name),
                      .optimizer = ftmrt_call_inner(c, FTMRT_PARAM_phase_optimizer),
                      .schedule = ftmrt_call_inner(c, FTMRT_PARAM_phase_schedule),
                      .lr = lr};
    if (i > 0)
        network_scalar(p.optimizer, "lr", &p.lr);
    return p;
}

const struct ftmrt_call *phases_optimizer(const struct ftmrt_recipe *r)
{
    return phase_of(r, 0, 0).optimizer;
}

/* Where part i of `all` ends, when parts go by the recipe's epochs and none is empty. */
static int64_t end_of(const struct ftmrt_recipe *r, uint32_t i, int64_t all)
{
    const uint32_t count = phases_count(r);
    const double whole = (double)phases_epochs(r);
    int64_t end = 0, before = 0;
    for (uint32_t k = 0; k <= i; k++) {
        before += epochs_of(r, k);
        const int64_t share = llround((double)all * ((double)before / whole)),
                      most = all - (int64_t)(count - 1 - k);
        end = share > end ? share : end + 1;
        end = end < most ? end : most;
    }
    return end;
}

bool phases_plan(const struct ftmrt_recipe *r, int64_t epochs, int64_t max_steps,
                 int64_t steps_per_epoch, double lr, struct phase *out)
{
    const uint32_t count = phases_count(r);
    const bool cut = max_steps >= 0 && max_steps < epochs * steps_per_epoch;
    const int64_t all = cut ? max_steps : epochs;
    int64_t begin = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t end = end_of(r, i, all), part = end - begin;
        out[i] = phase_of(r, i, lr);
        out[i].steps = cut ? part : part * steps_per_epoch;
        out[i].epochs = ceil_div(out[i].steps, steps_per_epoch);
        begin = end;
    }
    return all >= (int64_t)count;
}
