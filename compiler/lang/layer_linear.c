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

/* A map is read over the channels of each place only where it is seen with channels last: elsewhere a flatten was forgotten. */
static bool check_linear(struct diag *diag, const struct layer *l, const struct shape *x)
{
    char text[128];
    if (x->rank == 2 || l->channels_last)
        return true;
    diag_report(diag, l->span, DIAG_SHAPE_RANK, layer_kind(l), "[N, K]",
                shape_text(x, text, sizeof text));
    if (x->rank == 4)
        diag_note(
            diag,
            "write linear(flatten(x), ...), after a global_avg_pool where the network has one");
    return false;
}

const struct layer_rules rules_linear = {.params = params_linear,
                                         .rows_are_outputs = true,
                                         .check = check_linear,
                                         .channels_last = as_input,
                                         .lower = lower_linear,
                                         .work = work_of_weight};
