/* Schedules of the learning rate: a schedule is a row of runtime/recipe/calls.def and a function rate_NAME here. */
#include "lr_schedule.h"

#include <math.h>
#include <stdbool.h>

/* A schedule over a part of the training: behind its warm-up, or between two milestones. Lengths are in steps. */
struct span {
    const struct ftmrt_call *call;
    double lr, epoch, length;
};

typedef double rate_fn(const struct span *s, double step);

/* ---- per step ---- */

static double rate_constant(const struct span *s, double step)
{
    (void)step;
    return s->lr;
}

/* From a to b along a line, by a share from 0 to 1; and along half a cosine wave. */
static double on_line(double a, double b, double share) { return a + (b - a) * share; }

static double on_wave(double a, double b, double share)
{
    return b + (a - b) * 0.5 * (1 + cos(M_PI * share));
}

/* torch.optim.lr_scheduler.LinearLR, called after each step. */
static double rate_linear_lr(const struct span *s, double step)
{
    const double steps = ftmrt_call_number(s->call, FTMRT_PARAM_linear_lr_total_iters) * s->epoch,
                 share = step < steps ? step / steps : 1;
    return s->lr * on_line(ftmrt_call_number(s->call, FTMRT_PARAM_linear_lr_start_factor),
                           ftmrt_call_number(s->call, FTMRT_PARAM_linear_lr_end_factor), share);
}

/* Falls to zero in one half period over all steps (Loshchilov and Hutter 2017, eq. 5, one period). */
static double rate_cosine(const struct span *s, double step)
{
    return s->length > 0 ? s->lr * 0.5 * (1 + cos(M_PI * step / s->length)) : s->lr;
}

/* torch.optim.lr_scheduler.CosineAnnealingWarmRestarts, called after each step (Loshchilov and Hutter 2017, eq. 5). A wave takes T_0
 * T_mult^i epochs, the ones before it T_0 (T_mult^i - 1) / (T_mult - 1). */
static double rate_cosine_warm_restarts(const struct span *s, double step)
{
    const double first =
        ftmrt_call_number(s->call, FTMRT_PARAM_cosine_warm_restarts_T_0) * s->epoch;
    const double longer =
        (double)ftmrt_call_integer(s->call, FTMRT_PARAM_cosine_warm_restarts_T_mult);
    const double least = ftmrt_call_number(s->call, FTMRT_PARAM_cosine_warm_restarts_eta_min);
    if (longer == 1)
        return on_wave(s->lr, least, fmod(step, first) / first);
    double wave = first;
    while (step >= wave) {
        step -= wave;
        wave *= longer;
    }
    return on_wave(s->lr, least, step / wave);
}

/* torch.optim.lr_scheduler.OneCycleLR in two phases (Smith and Topin 2019). */
static double rate_one_cycle(const struct span *s, double step)
{
    const double top = ftmrt_call_number(s->call, FTMRT_PARAM_one_cycle_pct_start) * s->length - 1,
                 last = s->length - 1;
    const double first = s->lr / ftmrt_call_number(s->call, FTMRT_PARAM_one_cycle_div_factor),
                 least = first / ftmrt_call_number(s->call, FTMRT_PARAM_one_cycle_final_div_factor);
    double (*const way)(double, double, double) =
        ftmrt_call_word(s->call, FTMRT_PARAM_one_cycle_anneal_strategy) ? on_line : on_wave;
    if (step <= top)
        return top > 0 ? way(first, s->lr, step / top) : s->lr;
    return last > top ? way(s->lr, least, fmin((step - top) / (last - top), 1)) : least;
}

/* ---- per epoch ---- */

/* Whole epochs behind a step. */
static double epochs_at(const struct span *s, double step) { return floor(step / s->epoch); }

/* lr gamma^(epoch / step_size), rounded down (torch.optim.lr_scheduler.StepLR). */
static double rate_step(const struct span *s, double step)
{
    const double size = (double)ftmrt_call_integer(s->call, FTMRT_PARAM_step_step_size),
                 gamma = ftmrt_call_number(s->call, FTMRT_PARAM_step_gamma);
    return s->lr * pow(gamma, floor(epochs_at(s, step) / size));
}

/* lr gamma^(milestones that are reached) (torch.optim.lr_scheduler.MultiStepLR). */
static double rate_multi_step(const struct span *s, double step)
{
    const struct ftmrt_arg *milestones = ftmrt_call_arg(s->call, FTMRT_PARAM_multi_step_milestones);
    const double gamma = ftmrt_call_number(s->call, FTMRT_PARAM_multi_step_gamma);
    int reached = 0;
    for (uint32_t i = 0; i < milestones->count; i++)
        reached += milestones->numbers[i] <= epochs_at(s, step);
    return s->lr * pow(gamma, reached);
}

/* lr gamma^epoch (torch.optim.lr_scheduler.ExponentialLR). */
static double rate_exponential(const struct span *s, double step)
{
    return s->lr *
           pow(ftmrt_call_number(s->call, FTMRT_PARAM_exponential_gamma), epochs_at(s, step));
}

/* lr (1 - epoch / total_iters)^power, then 0 (torch.optim.lr_scheduler.PolynomialLR). */
static double rate_polynomial(const struct span *s, double step)
{
    const double total = (double)ftmrt_call_integer(s->call, FTMRT_PARAM_polynomial_total_iters),
                 power = ftmrt_call_number(s->call, FTMRT_PARAM_polynomial_power);
    return s->lr * pow(1 - fmin(epochs_at(s, step) / total, 1), power);
}

/* What lr_schedule_note has made of it. */
static double rate_plateau(const struct span *s, double step)
{
    (void)step;
    return s->lr;
}

/* ---- one behind the other ---- */

static double rate(struct span s, double step);

/* torch.optim.lr_scheduler.SequentialLR. */
static double rate_sequential(const struct span *s, double step)
{
    const struct ftmrt_arg *calls = ftmrt_call_arg(s->call, FTMRT_PARAM_sequential_schedules),
                           *milestones = ftmrt_call_arg(s->call, FTMRT_PARAM_sequential_milestones);
    uint32_t i = 0;
    while (i + 1 < calls->count && step >= milestones->numbers[i] * s->epoch)
        i++;
    const double begin = i ? milestones->numbers[i - 1] * s->epoch : 0,
                 end = i + 1 < calls->count ? milestones->numbers[i] * s->epoch : s->length;
    return rate((struct span){&calls->calls[i], s->lr, s->epoch, end - begin}, step - begin);
}

static rate_fn *const rows[FTMRT_CALL_COUNT] = {
#define LR_SCHEDULE_ROW_LOSS(name)
#define LR_SCHEDULE_ROW_OPTIMIZER(name)
#define LR_SCHEDULE_ROW_SCHEDULE(name) [FTMRT_CALL_##name] = rate_##name,
#define LR_SCHEDULE_ROW_TRANSFORM(name)
#define LR_SCHEDULE_ROW_DATA(name)
#define LR_SCHEDULE_ROW_BLOCK(name)
#define LR_SCHEDULE_ROW_MIX(name)
#define LR_SCHEDULE_ROW_CACHE(name)
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) LR_SCHEDULE_ROW_##category(name)
#include "calls.def"
};

/* Behind the warm-up, in whose w steps it rises from lr / w to lr, a schedule begins at its own first step. */
static double rate(struct span s, double step)
{
    const struct ftmrt_arg *warmup = ftmrt_call_named(s.call, "warmup");
    const double steps = warmup ? warmup->number * s.epoch : 0;
    if (step < steps)
        return s.lr * (step + 1) / steps;
    s.length -= steps;
    return rows[s.call->id](&s, step - steps);
}

double lr_schedule_rate(const struct lr_schedule *s, const struct progress *p, int64_t step)
{
    if (s->factor > 0)
        return s->lr * pow(s->factor, (double)step);
    const double share = s->call->id == FTMRT_CALL_plateau ? p->plateau_lr : s->lr;
    return rate((struct span){s->call, share, (double)s->steps_per_epoch, (double)s->total_steps},
                (double)step);
}

/* ---- plateau ---- */

static bool is_lower(const struct ftmrt_call *c, double loss, double best)
{
    const double threshold = ftmrt_call_number(c, FTMRT_PARAM_plateau_threshold);
    return ftmrt_call_word(c, FTMRT_PARAM_plateau_threshold_mode) == 0
               ? loss < best * (1 - threshold)
               : loss < best - threshold;
}

static void reduce(const struct ftmrt_call *c, struct progress *p)
{
    const double lower = fmax(p->plateau_lr * ftmrt_call_number(c, FTMRT_PARAM_plateau_factor),
                              ftmrt_call_number(c, FTMRT_PARAM_plateau_min_lr));
    if (p->plateau_lr - lower > ftmrt_call_number(c, FTMRT_PARAM_plateau_eps))
        p->plateau_lr = lower;
    p->plateau_cooldown = ftmrt_call_integer(c, FTMRT_PARAM_plateau_cooldown);
    p->plateau_bad = 0;
}

void lr_schedule_note(const struct lr_schedule *s, struct progress *p, double loss)
{
    if (s->call->id != FTMRT_CALL_plateau)
        return;
    if (is_lower(s->call, loss, p->plateau_best)) {
        p->plateau_best = loss;
        p->plateau_bad = 0;
    } else {
        p->plateau_bad++;
    }
    if (p->plateau_cooldown > 0) {
        p->plateau_cooldown--;
        p->plateau_bad = 0;
    }
    if (p->plateau_bad > ftmrt_call_integer(s->call, FTMRT_PARAM_plateau_patience))
        reduce(s->call, p);
}
