/* Schedules of the learning rate. */
#ifndef FTMRT_APP_LR_SCHEDULE_H
#define FTMRT_APP_LR_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

struct lr_schedule_row;

/* A schedule and the lengths that it needs. Has no state: the rate is a function of the step. */
struct lr_schedule {
    const struct lr_schedule_row *row;
    double lr;           /* the optimizer's */
    double warmup_steps; /* linear, before the schedule proper */
    int64_t steps_per_epoch, total_steps;
};

/* The schedule that the recipe names, for a run of total_steps; false after a message. */
bool lr_schedule_open(struct lr_schedule *s, const struct config *c, double lr,
                      int64_t steps_per_epoch, int64_t total_steps);

/* The learning rate of step 0, 1, ...: linear from lr / warmup_steps to lr in the warm-up, then the schedule's. */
double lr_schedule_rate(const struct lr_schedule *s, int64_t step);

#endif
