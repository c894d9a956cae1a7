/* Parameters that are operands: prelu's slope, and param, a parameter by itself. */
#include "layer.h"

#include <stdio.h>

#include "op.h"

static void params_prelu(struct param_list *p)
{
    param_free(p, "weight", shape_1d(layer_int(p->layer, ARG_prelu_num_parameters)),
               FTMRT_INIT_FULL, p->layer->args[ARG_prelu_init].real);
}

/* One for all is a number. */
static value_id lower_prelu(struct layer_site *s)
{
    value_id weight = site_param(s, 0);
    if (layer_int(s->layer, ARG_prelu_num_parameters) == 1)
        weight = broadcast_operand(s->graph, s->inputs[0], weight, false);
    return site_add(s, OP_prelu, NULL, (const value_id[]){s->inputs[0], weight}, 2);
}

static bool check_prelu(struct diag *diag, const struct layer *l, const struct shape *x)
{
    const long long count = layer_int(l, ARG_prelu_num_parameters), channels = x->dim[1];
    if (count == 1 || count == channels)
        return true;
    char wanted[64], found[32];
    snprintf(wanted, sizeof wanted, "1 or the %lld channels of its input", channels);
    snprintf(found, sizeof found, "%lld", count);
    diag_report(diag, l->span, DIAG_BAD_VALUE, "'num_parameters' of prelu", wanted, found);
    return false;
}

const struct layer_rules rules_prelu = {
    .params = params_prelu, .lower = lower_prelu, .check = check_prelu};

/* ---- param ---- */

static struct shape shape_of(const struct value *v)
{
    struct shape s = {.rank = v->kind == VALUE_INT ? 1 : v->count};
    for (uint32_t i = 0; i < s.rank && i < FTMRT_MAX_RANK; i++)
        s.dim[i] = v->kind == VALUE_INT ? v->integer : v->items[i].integer;
    return s;
}

static void params_param(struct param_list *p)
{
    param_weight(p, shape_of(&p->layer->args[ARG_param_shape]), ARG_param_init);
    p->params.at[0].name = "";
}

static value_id lower_param(struct layer_site *s) { return site_param(s, 0); }

static bool check_param(struct diag *diag, const struct layer *l, const struct shape *x)
{
    (void)x;
    const uint32_t rank = shape_of(&l->args[ARG_param_shape]).rank;
    if (rank <= FTMRT_MAX_RANK)
        return true;
    diag_report(diag, l->span, DIAG_BAD_VALUE, "the shape of a parameter", "at most 6 dimensions",
                "more");
    return false;
}

const struct layer_rules rules_param = {
    .params = params_param, .lower = lower_param, .check = check_param};
