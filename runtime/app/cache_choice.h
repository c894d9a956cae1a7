/* Where things are kept between epochs: the recipe's `cache` and `cache_budget`, and the options of these names. */
#ifndef FTMRT_APP_CACHE_CHOICE_H
#define FTMRT_APP_CACHE_CHOICE_H

#include <stdint.h>

#include "recipe.h"

struct options;

struct cache_choice {
    enum ftmrt_call_id place; /* of the category CACHE */
    int64_t budget;           /* bytes of memory */
    int64_t views;            /* variants of a sample that training goes through, or 0 */
};

/* What the block `data` of a recipe says. */
struct cache_choice cache_choice_of(const struct ftmrt_call *data);

/* Takes what the command line says. */
void cache_choice_take(struct cache_choice *c, const struct options *o);

#endif
