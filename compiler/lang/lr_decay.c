/* `lr_decay = 0.8`: blocks further from the output learn more slowly, by a factor more for each block. Their groups are made here, over those that
 * are written. */
#include <math.h>
#include <string.h>

#include "recipe_reader.h"
#include "str.h"

/* The number of the group of these values, which is made where there is none. */
static uint32_t group_of(struct recipe_reader *r, struct recipe_group g)
{
    for (uint32_t i = 0; i < r->recipe->groups.len; i++)
        if (!strcmp(r->recipe->groups.at[i].name, g.name))
            return i + 1;
    vec_push(r->arena, &r->recipe->groups, g);
    return r->recipe->groups.len;
}

/* The last block's factor is 1, as is that of what is in no block. */
static void slow_down(struct recipe_reader *r, const struct blocks *b, uint32_t layer, double decay)
{
    struct layer *l = &r->builder->net->layers.at[layer];
    const char *block = b->names.at[b->of[layer]];
    const double factor = pow(decay, (double)(b->names.len - 1 - b->of[layer]));
    for (uint32_t i = 0; i < l->param_count; i++) {
        struct layer_param *p = &l->params[i];
        if (p->kind != LAYER_PARAMETER || !p->trainable || factor == 1)
            continue;
        const struct recipe_group none = {.name = "", .lr = 1, .weight_decay = 1};
        struct recipe_group g = p->group ? r->recipe->groups.at[p->group - 1] : none;
        g.name = arena_printf(r->arena, "%s%sblock %s", g.name, *g.name ? " in " : "", block);
        g.lr *= factor;
        p->group = group_of(r, g);
    }
}

void settle_lr_decay(struct recipe_reader *r)
{
    const struct ftmrt_arg *decay =
        ftmrt_call_arg(&r->recipe->bound.finetune, FTMRT_PARAM_finetune_lr_decay);
    if (decay->kind != FTMRT_ARG_NUMBER || decay->number == 1)
        return;
    const struct blocks b = find_blocks(r);
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++)
        if (!r->builder->net->layers.at[i].dead && r->builder->net->layers.at[i].param_count)
            slow_down(r, &b, i, decay->number);
}
