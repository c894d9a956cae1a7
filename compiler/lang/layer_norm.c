/* Normalisations: batch_norm. */
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
    a.training = s->training && layer_updates_statistics(s->layer);
    const value_id inputs[] = {s->inputs[0], site_param(s, 0), site_param(s, 1), site_param(s, 2),
                               site_param(s, 3)};
    const value_id y = site_add(s, OP_batch_norm, &a, inputs, 5);
    if (a.training)
        site_add(s, OP_count_update, NULL, (const value_id[]){site_param(s, 4)}, 1);
    return y;
}

const struct layer_rules rules_batch_norm = {.params = params_batch_norm,
                                             .lower = lower_batch_norm};
