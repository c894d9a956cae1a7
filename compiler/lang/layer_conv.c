/* conv2d: a convolution and its bias. */
#include "layer.h"

static void params_conv2d(struct param_list *p)
{
    const int64_t out = layer_int(p->layer, ARG_conv2d_out),
                  groups = layer_int(p->layer, ARG_conv2d_groups), in = p->x->dim[1];
    param_weight(p,
                 shape_4d(out, in >= groups ? in / groups : 1,
                          layer_pair(p->layer, ARG_conv2d_kernel, 0),
                          layer_pair(p->layer, ARG_conv2d_kernel, 1)),
                 ARG_conv2d_init);
    if (layer_bool(p->layer, ARG_conv2d_bias))
        param_bias(p, out);
}

static value_id lower_conv2d(struct layer_site *s)
{
    const struct shape *w = &s->layer->params[0].type.shape;
    const struct attrs a = site_attrs(s, OP_conv2d, &w->dim[2]);
    value_id y = site_add(s, OP_conv2d, &a, (const value_id[]){s->inputs[0], site_param(s, 0)}, 2);
    if (s->layer->param_count > 1)
        y = site_add(s, OP_bias_add, NULL, (const value_id[]){y, site_param(s, 1)}, 2);
    return y;
}

static bool check_conv2d(struct diag *diag, const struct layer *l, const struct shape *x)
{
    const int64_t in = x->dim[1], out = layer_int(l, ARG_conv2d_out),
                  groups = layer_int(l, ARG_conv2d_groups);
    if (in % groups == 0 && out % groups == 0)
        return true;
    diag_report(diag, l->span, DIAG_GROUP_COUNT, (long long)groups, (long long)in, (long long)out);
    return false;
}

const struct layer_rules rules_conv2d = {.params = params_conv2d,
                                         .rows_are_outputs = true,
                                         .product = true,
                                         .lower = lower_conv2d,
                                         .work = work_of_weight,
                                         .check = check_conv2d};
