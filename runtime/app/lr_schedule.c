/* Schedules of the learning rate: a schedule is a row and a function. */
#include "lr_schedule.h"

#include <math.h>
#include <string.h>

#include "report.h"

/* The rate `step` steps behind the warm-up. */
typedef double lr_schedule_fn(const struct lr_schedule *s, double step);

struct lr_schedule_row {
    const char *name;
    lr_schedule_fn *rate;
};

static double constant_rate(const struct lr_schedule *s, double step)
{
    (void)step;
    return s->lr;
}

/* From lr to zero in one half period over all steps behind the warm-up (Loshchilov and Hutter 2017, eq. 5, one period,
 * per step). */
static double cosine_rate(const struct lr_schedule *s, double step)
{
    const double length = (double)s->total_steps - s->warmup_steps;
    return length > 0 ? s->lr * 0.5 * (1 + cos(M_PI * step / length)) : s->lr;
}

static const struct lr_schedule_row rows[] = {
    {"constant", constant_rate},
    {"cosine", cosine_rate},
};

bool lr_schedule_open(struct lr_schedule *s, const struct config *c, double lr,
                      int64_t steps_per_epoch, int64_t total_steps)
{
    *s = (struct lr_schedule){.lr = lr,
                              .warmup_steps = c->warmup_epochs * (double)steps_per_epoch,
                              .steps_per_epoch = steps_per_epoch,
                              .total_steps = total_steps};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !s->row; i++)
        if (!strcmp(rows[i].name, c->schedule))
            s->row = &rows[i];
    return s->row || report_error("this program has no schedule '%s'", c->schedule);
}

double lr_schedule_rate(const struct lr_schedule *s, int64_t step)
{
    const double at = (double)step;
    if (at < s->warmup_steps)
        return s->lr * (at + 1) / s->warmup_steps;
    return s->row->rate(s, at - s->warmup_steps);
}
