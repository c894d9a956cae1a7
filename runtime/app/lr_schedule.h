/* Schedules of the learning rate. */
#ifndef FTMRT_APP_LR_SCHEDULE_H
#define FTMRT_APP_LR_SCHEDULE_H

#include <stdint.h>

#include "progress.h"
#include "recipe.h"

/* A schedule and the lengths that it needs. The rate is a function of the step, and of what `plateau` has noted in the progress. */
struct lr_schedule {
    const struct ftmrt_call *call; /* of the recipe */
    double lr;                     /* the optimizer's */
    int64_t steps_per_epoch, total_steps;
    double
        factor; /* of the rate from each step to the next, whatever the call says; 0: the call's */
};

/* The learning rate of step 0, 1, ... of a training that is at p. */
double lr_schedule_rate(const struct lr_schedule *s, const struct progress *p, int64_t step);

/* Notes the loss of an epoch: in validation, or of training where nothing validates. Only `plateau` looks at it
 * (torch.optim.lr_scheduler.ReduceLROnPlateau.step). */
void lr_schedule_note(const struct lr_schedule *s, struct progress *p, double loss);

#endif
