#include "kept_features.h"

#include "form.h"
#include "transform.h"

static enum ftmrt_call_id place_of(const struct recipe *r)
{
    const struct ftmrt_call *data = recipe_call(r, FTMRT_PARAM_finetune_data),
                            *cache = data ? ftmrt_call_inner(data, FTMRT_PARAM_data_cache) : NULL;
    return cache ? cache->id : FTMRT_CALL_auto;
}

int64_t kept_features_views(const struct recipe *r)
{
    const struct ftmrt_call *data = recipe_call(r, FTMRT_PARAM_finetune_data),
                            *cache = data ? ftmrt_call_inner(data, FTMRT_PARAM_data_cache) : NULL;
    return cache && cache->id == FTMRT_CALL_views && !ftmrt_recipe_repeats(&r->bound)
               ? ftmrt_call_integer(cache, FTMRT_PARAM_views_count)
               : 0;
}

/* Whether each epoch has the images of the one before it. */
static const char *changes(const struct recipe *r)
{
    if (recipe_call(r, FTMRT_PARAM_finetune_mix))
        return "`mix` makes other images in each epoch";
    return ftmrt_recipe_repeats(&r->bound) || kept_features_views(r)
               ? NULL
               : "`transform train` makes other images in each epoch";
}

const char *kept_features_defect(const struct recipe *r)
{
    if (place_of(r) == FTMRT_CALL_off)
        return "the recipe says `cache = off`";
    return r->teachers.len ? "teachers look at the images themselves" : changes(r);
}

/* Of a library it is its caller's business whether images come again. */
enum prefix_cut kept_features_cut(const struct recipe *r, bool library)
{
    const enum ftmrt_call_id place = place_of(r);
    if (place == FTMRT_CALL_off || r->teachers.len || (changes(r) && !library))
        return PREFIX_NEVER;
    return place == FTMRT_CALL_auto || place == FTMRT_CALL_views ? PREFIX_SMALL : PREFIX_ALWAYS;
}

const char *kept_features_place(const struct recipe *r, bool over)
{
    if (place_of(r) == FTMRT_CALL_disk)
        return ", on disk";
    if (!over)
        return ", in memory";
    return place_of(r) == FTMRT_CALL_auto || place_of(r) == FTMRT_CALL_views
               ? ", more than `cache_budget`: on disk, if there is room"
               : ", in memory, more than `cache_budget`: a part is made again";
}

int64_t kept_features_bytes(const struct program *p, uint32_t phase)
{
    int64_t bytes = 0;
    for (uint32_t i = 0; i < p->functions.len; i++) {
        const struct graph *g = p->functions.at[i];
        for (uint32_t k = 0;
             g->kind == FTMRT_ENTRY_PREFIX && g->phase == phase && k < g->outputs.len; k++) {
            const struct node *n = graph_node(g, g->outputs.at[k].value);
            struct shape one = n->type.shape;
            one.dim[0] = 1; /* features have a batch */
            bytes += (int64_t)form_bytes(n->form, &one);
        }
    }
    return bytes;
}
