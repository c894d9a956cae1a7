/* mean, sum and the greatest over some dimensions behind the batch. */
#include "layer.h"

#include <stdio.h>

#include "op.h"

/* What a layer adds up over, of its input as that lies; false: a dimension is none behind the batch, or comes twice. */
static bool dimensions_of(const struct layer *l, const struct value *dims, uint32_t rank,
                          bool over[4])
{
    const uint32_t count = dims->kind == VALUE_LIST ? dims->count : 1;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t given = dims->kind == VALUE_LIST ? dims->items[i].integer : dims->integer,
                      d = dimension_as_it_lies(l, given, rank);
        if (d < 1 || d >= rank || over[d])
            return false;
        over[d] = true;
    }
    return true;
}

static bool check_over(struct diag *diag, const struct layer *l, const struct shape *x,
                       uint32_t dims)
{
    char shape[128], wanted[192];
    bool over[4] = {false};
    if ((x->rank == 2 || x->rank == 4) && dimensions_of(l, &l->args[dims], x->rank, over))
        return true;
    snprintf(wanted, sizeof wanted, "dimensions of %s behind the batch, each once",
             shape_text(x, shape, sizeof shape));
    diag_report(diag, l->span, DIAG_BAD_VALUE, "'dim'", wanted, "others");
    return false;
}

/* What is left of a map that is seen with channels last has them last. */
static value_id lower_over(struct layer_site *s, uint32_t dims, uint32_t keepdim,
                           value_id (*reduce)(struct graph *, value_id, const bool[4], bool))
{
    const struct layer *l = s->layer;
    const value_id x = s->inputs[0];
    bool over[4] = {false};
    dimensions_of(l, &l->args[dims], graph_shape(s->graph, x)->rank, over);
    const bool keep = layer_bool(l, keepdim);
    const value_id y = reduce(s->graph, x, over, keep);
    const bool turn = value_valid(y) && !keep && l->inputs_last[0] && !over[1] &&
                      graph_shape(s->graph, y)->rank == 3;
    return turn ? permute_swapped(s->graph, y, 1, 2) : y;
}

static bool check_mean(struct diag *diag, const struct layer *l, const struct shape *x)
{
    return check_over(diag, l, x, ARG_mean_dim);
}

static value_id mean_over(struct graph *g, value_id x, const bool over[4], bool keepdim)
{
    return sum_over(g, x, over, true, keepdim);
}

static value_id lower_mean(struct layer_site *s)
{
    return lower_over(s, ARG_mean_dim, ARG_mean_keepdim, mean_over);
}

static bool mean_is_last(const struct layer *l, bool x)
{
    return x && layer_bool(l, ARG_mean_keepdim);
}

const struct layer_rules rules_mean = {
    .lower = lower_mean, .check = check_mean, .channels_last = mean_is_last};

static bool check_total(struct diag *diag, const struct layer *l, const struct shape *x)
{
    return check_over(diag, l, x, ARG_sum_dim);
}

static value_id total_over(struct graph *g, value_id x, const bool over[4], bool keepdim)
{
    return sum_over(g, x, over, false, keepdim);
}

static value_id lower_total(struct layer_site *s)
{
    return lower_over(s, ARG_sum_dim, ARG_sum_keepdim, total_over);
}

static bool total_is_last(const struct layer *l, bool x)
{
    return x && layer_bool(l, ARG_sum_keepdim);
}

const struct layer_rules rules_sum = {
    .lower = lower_total, .check = check_total, .channels_last = total_is_last};

static bool check_amax(struct diag *diag, const struct layer *l, const struct shape *x)
{
    return check_over(diag, l, x, ARG_amax_dim);
}

static value_id lower_amax(struct layer_site *s)
{
    return lower_over(s, ARG_amax_dim, ARG_amax_keepdim, max_over);
}

static bool amax_is_last(const struct layer *l, bool x)
{
    return x && layer_bool(l, ARG_amax_keepdim);
}

const struct layer_rules rules_amax = {
    .lower = lower_amax, .check = check_amax, .channels_last = amax_is_last};
