/* The parameters and buffers of a network, in the order of its layers: names, shapes, initial
 * values, who trains.
 *
 * The table `roles` says for each role what torch.nn calls it, so that state dicts match without a
 * mapping. Default initial values are those of torch.nn's reset_parameters; a layer's own `init`
 * applies to its weight, and its bias then starts from zero. */
#include "bind_parts.h"

struct role {
    const char *suffix;
    bool batch_norm;      /* of batch norms only */
    bool buffer;          /* follows the statistics, not the optimizer */
    enum ftmrt_init init; /* of batch norms */
};

static const struct role roles[PARAM_ROLE_COUNT] = {
    [PARAM_WEIGHT] = {"weight", false, false, FTMRT_INIT_ONES},
    [PARAM_BIAS] = {"bias", false, false, FTMRT_INIT_ZEROS},
    [PARAM_RUNNING_MEAN] = {"running_mean", true, true, FTMRT_INIT_ZEROS},
    [PARAM_RUNNING_VAR] = {"running_var", true, true, FTMRT_INIT_ONES},
    [PARAM_NUM_BATCHES_TRACKED] = {"num_batches_tracked", true, true, FTMRT_INIT_ZEROS},
};

bool bind_updates_statistics(const struct layer *l)
{
    return l->op == OP_batch_norm && !l->frozen && !l->stats_frozen &&
           (l->trainable_weight || l->trainable_bias);
}

static bool has_param(const struct layer *l, enum param_role role)
{
    if (l->op == OP_batch_norm)
        return true;
    if ((l->op != OP_conv2d && l->op != OP_linear) || roles[role].batch_norm)
        return false;
    return role == PARAM_WEIGHT || l->bias;
}

static int64_t input_channels(const struct net *net, const struct layer *l)
{
    const struct shape *in = &net->layers.at[l->inputs[0].i].type.shape;
    return in->dim[1];
}

static struct shape weight_shape(const struct net *net, const struct layer *l)
{
    const int64_t channels = input_channels(net, l);
    if (l->op == OP_linear)
        return shape_2d(l->out_channels, channels);
    const int64_t groups = l->attrs.groups > 0 ? l->attrs.groups : 1;
    return shape_4d(l->out_channels, channels / groups, l->kernel[0], l->kernel[1]);
}

static struct type param_type(const struct net *net, const struct layer *l, enum param_role role)
{
    if (role == PARAM_NUM_BATCHES_TRACKED)
        return (struct type){FTMRT_I64, shape_scalar()};
    if (l->op == OP_batch_norm)
        return (struct type){FTMRT_F32, shape_1d(input_channels(net, l))};
    if (role == PARAM_BIAS)
        return (struct type){FTMRT_F32, shape_1d(l->out_channels)};
    return (struct type){FTMRT_F32, weight_shape(net, l)};
}

static void set_init(struct net_param *p, const struct net *net, const struct layer *l)
{
    const bool own = l->init != FTMRT_INIT_DEFAULT;
    if (l->op == OP_batch_norm) {
        const bool weight = p->role == PARAM_WEIGHT && own;
        p->init = weight ? l->init : roles[p->role].init;
        p->init_arg = weight ? l->init_arg : 0;
        p->fan_in = 1;
        return;
    }
    const struct shape shape = weight_shape(net, l);
    p->fan_in = shape.dim[1] * (l->op == OP_conv2d ? shape.dim[2] * shape.dim[3] : 1);
    p->init = own && p->role == PARAM_BIAS ? FTMRT_INIT_ZEROS : l->init;
    p->init_arg = p->role == PARAM_WEIGHT ? l->init_arg : 0;
}

static void add_param(struct arena *arena, const struct net *net, struct binding *b, layer_id id,
                      enum param_role role)
{
    const struct layer *l = &net->layers.at[id.i];
    struct net_param *p = vec_add(arena, &b->params);
    *p = (struct net_param){.layer = id, .role = role, .source = -1};
    p->name = arena_printf(arena, "%s.%s", l->path, roles[role].suffix);
    p->type = param_type(net, l, role);
    p->trainable =
        (role == PARAM_WEIGHT && l->trainable_weight) || (role == PARAM_BIAS && l->trainable_bias);
    p->mutable = p->trainable || (roles[role].buffer && bind_updates_statistics(l));
    set_init(p, net, l);
}

void bind_list_params(struct arena *arena, const struct net *net, struct binding *b)
{
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        for (int role = 0; !l->dead && role < PARAM_ROLE_COUNT; role++) {
            if (has_param(l, (enum param_role)role))
                add_param(arena, net, b, (layer_id){i}, (enum param_role)role);
        }
    }
}
