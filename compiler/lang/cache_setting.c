/* Whether `cache = views(8)` can do what it says, and that it is an approximation. */
#include "recipe_reader.h"

#include <string.h>

#include "transform.h"

/* Where the block `data` says it. */
static struct span place_of(const struct recipe_reader *r)
{
    const struct recipe_stmt *data = find_setting(r, RECIPE_DATA, "data");
    for (uint32_t i = 0; data && i < data->items->list.len; i++) {
        const struct recipe_stmt *s = data->items->list.at[i];
        if (s->kind == RECIPE_SETTING && !strcmp(s->name, "cache"))
            return s->values->list.at[0]->span;
    }
    return SPAN_NONE;
}

void check_cache(struct recipe_reader *r)
{
    const struct ftmrt_call *data = recipe_call(r->recipe, FTMRT_PARAM_finetune_data),
                            *cache = data ? ftmrt_call_inner(data, FTMRT_PARAM_data_cache) : NULL;
    if (!cache || cache->id != FTMRT_CALL_views)
        return;
    const struct ftmrt_call *transform = recipe_call(r->recipe, FTMRT_PARAM_finetune_transform);
    const struct ftmrt_pipeline train =
        transform ? ftmrt_pipeline_of(transform, FTMRT_PARAM_transform_train)
                  : (struct ftmrt_pipeline){0};
    if (recipe_call(r->recipe, FTMRT_PARAM_finetune_mix))
        diag_report(r->diag, place_of(r), DIAG_CACHE_VIEWS,
                    "`mix` makes one sample of several, which are others in each epoch");
    else if (!ftmrt_pipeline_random(&train))
        diag_report(
            r->diag, place_of(r), DIAG_CACHE_VIEWS,
            "nothing in `transform train` is random: `cache = auto` keeps all that there is");
    else
        diag_report(r->diag, place_of(r), DIAG_CACHE_APPROXIMATE,
                    (long long)ftmrt_call_integer(cache, FTMRT_PARAM_views_count));
}
