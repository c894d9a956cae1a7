/* Normalisations: batch_norm, group_norm. */
#include "layer.h"

static void params_batch_norm(struct param_list *p)
{
    param_channels(p, "weight", LAYER_PARAMETER, FTMRT_INIT_ONES);
    param_channels(p, "bias", LAYER_PARAMETER, FTMRT_INIT_ZEROS);
    param_channels(p, "running_mean", LAYER_STATISTIC, FTMRT_INIT_ZEROS);
    param_channels(p, "running_var", LAYER_STATISTIC, FTMRT_INIT_ONES);
    param_counter(p, "num_batches_tracked");
}

static value_id lower_batch_norm(struct layer_site *s)
{
    struct attrs a = site_attrs(s, OP_batch_norm, NULL);
    a.training = s->training && layer_statistics(s->layer) >> s->phase & 1;
    const value_id inputs[] = {s->inputs[0], site_param(s, 0), site_param(s, 1), site_param(s, 2),
                               site_param(s, 3)};
    const value_id y = site_add(s, OP_batch_norm, &a, inputs, 5);
    if (a.training)
        site_add(s, OP_count_update, NULL, (const value_id[]){site_param(s, 4)}, 1);
    return y;
}

const struct layer_rules rules_batch_norm = {.params = params_batch_norm,
                                             .lower = lower_batch_norm};

/* ---- group_norm ---- */

static void params_group_norm(struct param_list *p)
{
    if (!layer_bool(p->layer, ARG_group_norm_affine))
        return;
    param_channels(p, "weight", LAYER_PARAMETER, FTMRT_INIT_ONES);
    param_channels(p, "bias", LAYER_PARAMETER, FTMRT_INIT_ZEROS);
}

static value_id lower_group_norm(struct layer_site *s)
{
    const struct attrs a = site_attrs(s, OP_group_norm, NULL);
    const value_id y = site_add(s, OP_group_norm, &a, s->inputs, 1);
    if (!layer_bool(s->layer, ARG_group_norm_affine))
        return y;
    const value_id inputs[] = {y, site_param(s, 0), site_param(s, 1)};
    return site_add(s, OP_channel_affine, NULL, inputs, 3);
}

const struct layer_rules rules_group_norm = {.params = params_group_norm,
                                             .lower = lower_group_norm};
