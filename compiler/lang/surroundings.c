/* Whether layers that draw random numbers do so: dropout in a frozen part would blur what nothing can adapt to.
 *
 * A layer without parameters cannot be frozen by its name. It is where the layers with parameters around it are: the nearest
 * ones above and below, those of its own block alone if there are any. So the dropout before a new head is on, that
 * of a frozen block is off, the last of them too although what reads it trains. */
#include "recipe_reader.h"

enum reached { FAR, PASSED, MET };

static enum reached reach(const struct layer *l) { return l->param_count ? MET : PASSED; }

/* From each layer that was passed to what it reads; whether that came to another one. */
static bool step_up(const struct net *net, enum reached *at)
{
    bool moved = false;
    for (uint32_t i = net->layers.len; i-- > 0;) {
        const struct layer *l = &net->layers.at[i];
        for (uint32_t k = 0; at[i] == PASSED && k < l->input_count; k++) {
            const uint32_t from = l->inputs[k].i;
            moved |= at[from] == FAR;
            if (at[from] == FAR)
                at[from] = reach(&net->layers.at[from]);
        }
    }
    return moved;
}

/* From each layer that was passed to what reads it. */
static bool step_down(const struct net *net, enum reached *at)
{
    bool moved = false;
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        for (uint32_t k = 0; at[i] == FAR && !l->dead && k < l->input_count; k++)
            if (at[l->inputs[k].i] == PASSED) {
                at[i] = reach(l);
                moved = true;
            }
    }
    return moved;
}

/* The phases in which some of the layers that were met train: of those in the block, where that has any. */
struct around {
    uint32_t block, all;
    bool in_block;
};

static void look(const struct net *net, uint32_t from,
                 bool (*step)(const struct net *, enum reached *), struct around *a)
{
    enum reached *at = arena_array(net->arena, enum reached, net->layers.len);
    at[from] = PASSED;
    while (step(net, at)) {
    }
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        uint32_t trains = 0;
        for (uint32_t k = 0; at[i] == MET && k < l->param_count; k++)
            trains |= l->params[k].trainable;
        const bool inside = at[i] == MET && layer_within(l, net->layers.at[from].scope);
        a->in_block |= inside;
        a->block |= inside ? trains : 0;
        a->all |= trains;
    }
}

void settle_draws(struct net *net, uint32_t every)
{
    for (uint32_t i = 0; i < net->layers.len; i++) {
        struct layer *l = &net->layers.at[i];
        if (l->dead || !layer_draws(l))
            continue;
        struct around a = {0};
        look(net, i, step_up, &a);
        look(net, i, step_down, &a);
        l->frozen = every & ~(a.in_block ? a.block : a.all);
    }
}
