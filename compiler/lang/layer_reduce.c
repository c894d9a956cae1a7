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

/* The three have their arguments in one order. */
enum { DIM = ARG_mean_dim, KEEPDIM = ARG_mean_keepdim };
_Static_assert(ARG_sum_dim - DIM == 0 && ARG_amax_dim - DIM == 0, "rows of layers.def");
_Static_assert(ARG_sum_keepdim - KEEPDIM == 0 && ARG_amax_keepdim - KEEPDIM == 0,
               "rows of layers.def");

static bool check(struct diag *diag, const struct layer *l, const struct shape *x)
{
    char shape[128], wanted[192];
    bool over[4] = {false};
    if ((x->rank == 2 || x->rank == 4) && dimensions_of(l, &l->args[DIM], x->rank, over))
        return true;
    snprintf(wanted, sizeof wanted, "dimensions of %s behind the batch, each once",
             shape_text(x, shape, sizeof shape));
    diag_report(diag, l->span, DIAG_BAD_VALUE, "'dim'", wanted, "others");
    return false;
}

static bool is_last(const struct layer *l, bool x) { return x && layer_bool(l, KEEPDIM); }

/* What is left of a map that is seen with channels last has them last. */
static value_id lower_over(struct layer_site *s,
                           value_id (*reduce)(struct graph *, value_id, const bool[4], bool))
{
    const struct layer *l = s->layer;
    const value_id x = s->inputs[0];
    bool over[4] = {false};
    dimensions_of(l, &l->args[DIM], graph_shape(s->graph, x)->rank, over);
    const bool keep = layer_bool(l, KEEPDIM);
    const value_id y = reduce(s->graph, x, over, keep);
    const bool turn = value_valid(y) && !keep && l->inputs_last[0] && !over[1] &&
                      graph_shape(s->graph, y)->rank == 3;
    return turn ? permute_swapped(s->graph, y, 1, 2) : y;
}

static value_id mean_over(struct graph *g, value_id x, const bool over[4], bool keepdim)
{
    return sum_over(g, x, over, true, keepdim);
}

static value_id total_over(struct graph *g, value_id x, const bool over[4], bool keepdim)
{
    return sum_over(g, x, over, false, keepdim);
}

static value_id lower_mean(struct layer_site *s) { return lower_over(s, mean_over); }

static value_id lower_total(struct layer_site *s) { return lower_over(s, total_over); }

static value_id lower_amax(struct layer_site *s) { return lower_over(s, max_over); }

const struct layer_rules rules_mean = {
    .lower = lower_mean, .check = check, .channels_last = is_last};
const struct layer_rules rules_sum = {
    .lower = lower_total, .check = check, .channels_last = is_last};
const struct layer_rules rules_amax = {
    .lower = lower_amax, .check = check, .channels_last = is_last};
