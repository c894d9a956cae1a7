#include "cache_choice.h"

#include <string.h>

#include "command.h"

struct cache_choice cache_choice_of(const struct ftmrt_call *data)
{
    const struct ftmrt_call *cache = ftmrt_call_inner(data, FTMRT_PARAM_data_cache);
    const bool views = cache->id == FTMRT_CALL_views;
    return (struct cache_choice){.place = views ? FTMRT_CALL_auto : cache->id,
                                 .budget = ftmrt_call_integer(data, FTMRT_PARAM_data_cache_budget),
                                 .views = views ? ftmrt_call_integer(cache, FTMRT_PARAM_views_count)
                                                : 0};
}

void cache_choice_take(struct cache_choice *c, const struct options *o)
{
    static const enum ftmrt_call_id places[] = {FTMRT_CALL_auto, FTMRT_CALL_memory, FTMRT_CALL_disk,
                                                FTMRT_CALL_off};
    for (size_t i = 0; o->cache_given && i < sizeof places / sizeof *places; i++)
        if (!strcmp(o->cache, ftmrt_call_info(places[i])->name))
            c->place = places[i];
    if (o->cache_budget_given)
        c->budget = o->cache_budget;
}
