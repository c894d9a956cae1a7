/* The parameters and buffers of a network, in the order of its layers (lang/layer_*.c say what each has). */
#include "bind_parts.h"

static void add_param(struct arena *arena, struct binding *b, const struct layer *l, layer_id id,
                      const struct layer_param *param)
{
    struct net_param *p = vec_add(arena, &b->params);
    *p = (struct net_param){.layer = id, .param = param, .source = -1, .fresh = l->added};
    p->name = layer_param_key(arena, l, param);
    p->mutable = layer_param_moves(l, param);
}

void bind_list_params(struct arena *arena, const struct net *net, struct binding *b)
{
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        for (uint32_t k = 0; !l->dead && k < l->param_count; k++)
            add_param(arena, b, l, (layer_id){i}, &l->params[k]);
    }
}
