#include "trial_recipe.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

void trial_recipe_open(struct trial_recipe *t, const struct ftmrt_recipe *r)
{
    *t = (struct trial_recipe){.recipe = *r};
}

void trial_recipe_close(struct trial_recipe *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->owned[i]);
    free(t->owned);
    *t = (struct trial_recipe){0};
}

static void *copy(struct trial_recipe *t, const void *from, size_t count, size_t size)
{
    void *to = app_alloc(count, size);
    memcpy(to, from, count * size);
    t->owned = app_grow(t->owned, t->count + 1, sizeof *t->owned);
    return t->owned[t->count++] = to;
}

/* The arguments of a call, which is a copy itself, as ones that can be changed. */
static struct ftmrt_arg *own_args(struct trial_recipe *t, struct ftmrt_call *c)
{
    struct ftmrt_arg *args = copy(t, c->args, ftmrt_call_info(c->id)->param_count, sizeof *args);
    c->args = args;
    return args;
}

static struct ftmrt_call *own_calls(struct trial_recipe *t, struct ftmrt_arg *a)
{
    struct ftmrt_call *calls = copy(t, a->calls, a->count, sizeof *calls);
    a->calls = calls;
    return calls;
}

static struct ftmrt_arg number_arg(enum ftmrt_type type, double value)
{
    if (type == FTMRT_TYPE_INT)
        return (struct ftmrt_arg){FTMRT_ARG_INTEGER, 0, {.integer = (int64_t)value}};
    return (struct ftmrt_arg){FTMRT_ARG_NUMBER, 0, {.number = value}};
}

void trial_recipe_set(struct trial_recipe *t, const struct ftmrt_place *place, double value)
{
    struct ftmrt_arg *args = own_args(t, &t->recipe.finetune);
    if (place->of_phase) {
        const unsigned phases = FTMRT_PARAM_finetune_phases % FTMRT_PARAM_LIMIT;
        args = own_args(t, &own_calls(t, &args[phases])[place->phase]);
    }
    struct ftmrt_arg *a = &args[place->setting];
    if (place->inner)
        a = &own_args(t, own_calls(t, a))[place->argument];
    *a = number_arg(place->info->type, value);
}
