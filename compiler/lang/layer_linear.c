/* linear: a matrix product and its bias. */
#include "layer.h"

static void params_linear(struct param_list *p)
{
    const int64_t out = layer_int(p->layer, ARG_linear_out);
    param_weight(p, shape_2d(out, p->x->dim[1]), ARG_linear_init);
    if (layer_bool(p->layer, ARG_linear_bias))
        param_bias(p, out);
}

static value_id lower_linear(struct layer_site *s)
{
    value_id y =
        site_add(s, OP_linear, NULL, (const value_id[]){s->inputs[0], site_param(s, 0)}, 2);
    if (s->layer->param_count > 1)
        y = site_add(s, OP_bias_add, NULL, (const value_id[]){y, site_param(s, 1)}, 2);
    return y;
}

const struct layer_rules rules_linear = {
    .params = params_linear,
    .lower = lower_linear,
    .work = work_of_weight,
    .map_advice =
        "write linear(flatten(x), ...), after a global_avg_pool where the network has one"};
