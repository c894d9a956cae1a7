/* softmax and log_softmax: over the channels where they lie; another dimension changes places with them first. A value of three
 * dimensions is a map of one column. */
#include "layer.h"

#include <stdio.h>

#include "op.h"

static value_id lower_over(struct layer_site *s, enum op op, uint32_t arg)
{
    const uint32_t rank = graph_shape(s->graph, s->inputs[0])->rank;
    const int64_t dim = dimension_as_it_lies(s->layer, layer_int(s->layer, arg), rank);
    const struct shape as_it_is = *graph_shape(s->graph, s->inputs[0]);
    value_id y = s->inputs[0];
    if (rank == 3)
        y = reshape_to(s->graph, y, shape_4d(as_it_is.dim[0], as_it_is.dim[1], as_it_is.dim[2], 1));
    y = dim == 1 ? y : permute_swapped(s->graph, y, 1, dim);
    y = site_add(s, op, NULL, &y, 1);
    if (!value_valid(y))
        return y;
    y = dim == 1 ? y : permute_swapped(s->graph, y, 1, dim);
    return reshape_to(s->graph, y, as_it_is);
}

/* Whether the dimension is one behind the batch. */
static bool check_over(struct diag *diag, const struct layer *l, const struct shape *x,
                       uint32_t arg)
{
    char shape[128], wanted[192], found[32];
    const int64_t dim = dimension_as_it_lies(l, layer_int(l, arg), x->rank);
    if (dim >= 1 && dim < x->rank)
        return true;
    snprintf(wanted, sizeof wanted, "a dimension of %s behind the batch",
             shape_text(x, shape, sizeof shape));
    snprintf(found, sizeof found, "%lld", (long long)layer_int(l, arg));
    diag_report(diag, l->span, DIAG_BAD_VALUE, "'dim'", wanted, found);
    return false;
}

static value_id lower_softmax(struct layer_site *s)
{
    return lower_over(s, OP_softmax, ARG_softmax_dim);
}

static bool check_softmax(struct diag *diag, const struct layer *l, const struct shape *x)
{
    return check_over(diag, l, x, ARG_softmax_dim);
}

const struct layer_rules rules_softmax = {
    .lower = lower_softmax, .check = check_softmax, .channels_last = as_input};

static value_id lower_log_softmax(struct layer_site *s)
{
    return lower_over(s, OP_log_softmax, ARG_log_softmax_dim);
}

static bool check_log_softmax(struct diag *diag, const struct layer *l, const struct shape *x)
{
    return check_over(diag, l, x, ARG_log_softmax_dim);
}

const struct layer_rules rules_log_softmax = {
    .lower = lower_log_softmax, .check = check_log_softmax, .channels_last = as_input};
