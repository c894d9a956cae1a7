/* A program's recipe with other values: what a trial of a search trains by. */
#ifndef FTMRT_APP_TRIAL_RECIPE_H
#define FTMRT_APP_TRIAL_RECIPE_H

#include <stddef.h>

#include "recipe.h"

/* What changes is a copy, all else the program's. */
struct trial_recipe {
    struct ftmrt_recipe recipe; /* to be read */
    void **owned;               /* [count] */
    size_t count;
};

void trial_recipe_open(struct trial_recipe *t, const struct ftmrt_recipe *r);
void trial_recipe_close(struct trial_recipe *t);

/* Sets a number, as the kind that the argument's row has. The place is one of the recipe that t was opened with. */
void trial_recipe_set(struct trial_recipe *t, const struct ftmrt_place *place, double value);

#endif
