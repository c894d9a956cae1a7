/* The phases of a training as the recipe says them, and how many steps each has. A recipe without phases is one phase, which has no
 * name. */
#ifndef FTMRT_APP_PHASE_PLAN_H
#define FTMRT_APP_PHASE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "recipe.h"

struct phase {
    const char *name; /* or NULL */
    const struct ftmrt_call *optimizer, *schedule;
    double lr;
    double factor; /* lr_schedule.h */
    int64_t epochs, steps;
};

/* How many a recipe has; at least 1. */
uint32_t phases_count(const struct ftmrt_recipe *r);

/* The epochs of a recipe, of all phases. */
int64_t phases_epochs(const struct ftmrt_recipe *r);

/* The optimizer of the first phase. */
const struct ftmrt_call *phases_optimizer(const struct ftmrt_recipe *r);

/* Fills out[phases_count()] for so many epochs and at most max_steps (negative: no limit): each phase gets its share by the recipe, and
 * at least one; an epoch that is begun counts. lr: of the first, or where the recipe has no phases. false if there are too few for
 * that. */
bool phases_plan(const struct ftmrt_recipe *r, int64_t epochs, int64_t max_steps,
                 int64_t steps_per_epoch, double lr, struct phase *out);

#endif
