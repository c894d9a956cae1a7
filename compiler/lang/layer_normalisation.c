/* Normalisations: batch_norm, group_norm, instance_norm, layer_norm. */
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

static void params_affine(struct param_list *p, bool weight, bool bias)
{
    if (weight)
        param_channels(p, "weight", LAYER_PARAMETER, FTMRT_INIT_ONES);
    if (weight && bias)
        param_channels(p, "bias", LAYER_PARAMETER, FTMRT_INIT_ZEROS);
}

static void params_group_norm(struct param_list *p)
{
    params_affine(p, layer_bool(p->layer, ARG_group_norm_affine), true);
}

/* Groups of channels, then the affine part, if there is one. */
static value_id lower_groups(struct layer_site *s, const struct attrs *a)
{
    const value_id y = site_add(s, OP_group_norm, a, s->inputs, 1);
    if (!s->layer->param_count)
        return y;
    const value_id inputs[] = {y, site_param(s, 0), site_param(s, 1)};
    return site_add(s, OP_channel_affine, NULL, inputs, 3);
}

static value_id lower_group_norm(struct layer_site *s)
{
    const struct attrs a = site_attrs(s, OP_group_norm, NULL);
    return lower_groups(s, &a);
}

const struct layer_rules rules_group_norm = {.params = params_group_norm,
                                             .lower = lower_group_norm};

/* ---- instance_norm: each channel of an image is a group ---- */

static void params_instance_norm(struct param_list *p)
{
    params_affine(p, layer_bool(p->layer, ARG_instance_norm_affine), true);
}

static value_id lower_instance_norm(struct layer_site *s)
{
    struct attrs a = site_attrs(s, OP_group_norm, NULL);
    a.groups = graph_shape(s->graph, s->inputs[0])->dim[1];
    return lower_groups(s, &a);
}

/* A row [N,C] has one value per channel, which its own mean would take away. */
static bool check_instance_norm(struct diag *diag, const struct layer *l, const struct shape *x)
{
    char text[128];
    if (x->rank == 4)
        return true;
    diag_report(diag, l->span, DIAG_SHAPE_RANK, layer_kind(l), "[N, C, H, W]",
                shape_text(x, text, sizeof text));
    return false;
}

const struct layer_rules rules_instance_norm = {
    .params = params_instance_norm, .lower = lower_instance_norm, .check = check_instance_norm};

/* ---- layer_norm ---- */

static void params_layer_norm(struct param_list *p)
{
    params_affine(p, layer_bool(p->layer, ARG_layer_norm_elementwise_affine),
                  layer_bool(p->layer, ARG_layer_norm_bias));
}

/* Parameter i of the layer, or what stands for it. */
static value_id param_or(struct layer_site *s, uint32_t i, double otherwise)
{
    if (i < s->layer->param_count)
        return site_param(s, i);
    const struct shape channels = shape_1d(graph_shape(s->graph, s->inputs[0])->dim[1]);
    return graph_constant(s->graph, otherwise, (struct type){FTMRT_F32, channels});
}

static value_id lower_layer_norm(struct layer_site *s)
{
    const struct attrs a = site_attrs(s, OP_layer_norm, NULL);
    const value_id inputs[] = {s->inputs[0], param_or(s, 0, 1), param_or(s, 1, 0)};
    return site_add(s, OP_layer_norm, &a, inputs, 3);
}

/* A value without channels has no last one to normalise over. */
static bool check_layer_norm(struct diag *diag, const struct layer *l, const struct shape *x)
{
    char text[128];
    if (x->rank == 2 || x->rank == 4)
        return true;
    diag_report(diag, l->span, DIAG_SHAPE_RANK, layer_kind(l), "[N, C, H, W] or [N, C]",
                shape_text(x, text, sizeof text));
    return false;
}

const struct layer_rules rules_layer_norm = {.params = params_layer_norm,
                                             .lower = lower_layer_norm,
                                             .check = check_layer_norm,
                                             .channels_last = as_input};
