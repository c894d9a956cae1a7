/* Schedules of the learning rate. */
#ifndef FTMRT_APP_LR_SCHEDULE_H
#define FTMRT_APP_LR_SCHEDULE_H

#include <stdint.h>

#include "recipe.h"

/* A schedule and the lengths that it needs. It has no state: the rate is a function of the step. */
struct lr_schedule {
    const struct ftmrt_call *call; /* of the recipe */
    double lr;                     /* the optimizer's */
    int64_t steps_per_epoch, total_steps;
};

/* The learning rate of step 0, 1, ... */
double lr_schedule_rate(const struct lr_schedule *s, int64_t step);

#endif
