/* target_scale: from the units that numbers are learnt in to those of the data. */
#include "layer.h"

#include "op.h"

static void params_target_scale(struct param_list *p)
{
    param_channels(p, "scale", LAYER_STATISTIC, FTMRT_INIT_ONES);
    param_channels(p, "offset", LAYER_STATISTIC, FTMRT_INIT_ZEROS);
}

static value_id lower_target_scale(struct layer_site *s)
{
    const value_id inputs[] = {s->inputs[0], site_param(s, 0), site_param(s, 1)};
    return site_add(s, OP_channel_affine, NULL, inputs, 3);
}

/* Targets have no places. */
static bool check_target_scale(struct diag *diag, const struct layer *l, const struct shape *x)
{
    char text[128];
    if (x->rank == 2)
        return true;
    diag_report(diag, l->span, DIAG_SHAPE_RANK, layer_kind(l), "[N, C]",
                shape_text(x, text, sizeof text));
    return false;
}

const struct layer_rules rules_target_scale = {
    .params = params_target_scale, .lower = lower_target_scale, .check = check_target_scale};
