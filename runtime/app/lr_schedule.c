/* Schedules of the learning rate: a schedule is a row of runtime/recipe/calls.def and a function rate_NAME here. */
#include "lr_schedule.h"

#include <math.h>

typedef double rate_fn(const struct lr_schedule *s, double step);

static double rate_constant(const struct lr_schedule *s, double step)
{
    (void)step;
    return s->lr;
}

/* Per step: rises linearly from lr / w to lr in the w steps of the warm-up, then falls to zero in one half period over
 * all other steps (Loshchilov and Hutter 2017, eq. 5, one period). */
static double rate_cosine(const struct lr_schedule *s, double step)
{
    const double warmup =
        ftmrt_call_number(s->call, FTMRT_PARAM_cosine_warmup) * (double)s->steps_per_epoch;
    const double rest = (double)s->total_steps - warmup;
    if (step < warmup)
        return s->lr * (step + 1) / warmup;
    return rest > 0 ? s->lr * 0.5 * (1 + cos(M_PI * (step - warmup) / rest)) : s->lr;
}

/* Whole epochs behind a step. */
static double epochs_at(const struct lr_schedule *s, double step)
{
    return floor(step / (double)s->steps_per_epoch);
}

/* Per epoch: lr gamma^(epoch / step_size), rounded down (torch.optim.lr_scheduler.StepLR). */
static double rate_step(const struct lr_schedule *s, double step)
{
    const double size = (double)ftmrt_call_integer(s->call, FTMRT_PARAM_step_step_size),
                 gamma = ftmrt_call_number(s->call, FTMRT_PARAM_step_gamma);
    return s->lr * pow(gamma, floor(epochs_at(s, step) / size));
}

/* Per epoch: lr gamma^(milestones that are reached) (torch.optim.lr_scheduler.MultiStepLR). */
static double rate_multi_step(const struct lr_schedule *s, double step)
{
    const struct ftmrt_arg *milestones = ftmrt_call_arg(s->call, FTMRT_PARAM_multi_step_milestones);
    const double gamma = ftmrt_call_number(s->call, FTMRT_PARAM_multi_step_gamma);
    int reached = 0;
    for (uint32_t i = 0; i < milestones->count; i++)
        reached += milestones->numbers[i] <= epochs_at(s, step);
    return s->lr * pow(gamma, reached);
}

/* Per epoch: lr gamma^epoch (torch.optim.lr_scheduler.ExponentialLR). */
static double rate_exponential(const struct lr_schedule *s, double step)
{
    return s->lr *
           pow(ftmrt_call_number(s->call, FTMRT_PARAM_exponential_gamma), epochs_at(s, step));
}

/* Per epoch: lr (1 - epoch / total_iters)^power, then 0 (torch.optim.lr_scheduler.PolynomialLR). */
static double rate_polynomial(const struct lr_schedule *s, double step)
{
    const double total = (double)ftmrt_call_integer(s->call, FTMRT_PARAM_polynomial_total_iters),
                 power = ftmrt_call_number(s->call, FTMRT_PARAM_polynomial_power);
    return s->lr * pow(1 - fmin(epochs_at(s, step) / total, 1), power);
}

static rate_fn *const rows[FTMRT_CALL_COUNT] = {
#define LR_SCHEDULE_ROW_LOSS(name)
#define LR_SCHEDULE_ROW_OPTIMIZER(name)
#define LR_SCHEDULE_ROW_SCHEDULE(name) [FTMRT_CALL_##name] = rate_##name,
#define LR_SCHEDULE_ROW_TRANSFORM(name)
#define LR_SCHEDULE_ROW_DATA(name)
#define LR_SCHEDULE_ROW_BLOCK(name)
#define LR_SCHEDULE_ROW_MIX(name)
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) LR_SCHEDULE_ROW_##category(name)
#include "calls.def"
};

double lr_schedule_rate(const struct lr_schedule *s, int64_t step)
{
    return rows[s->call->id](s, (double)step);
}
