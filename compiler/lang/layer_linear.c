/* linear: a matrix product and its bias. */
#include "layer.h"

#include <inttypes.h>
#include <stdio.h>

#include "op.h"

int64_t layer_capacity(const struct layer *l)
{
    const bool is_linear = l->row && l->rules == &rules_linear;
    return is_linear ? layer_int(l, ARG_linear_capacity) : 0;
}

/* Outputs that the layer has parameters for. */
static int64_t rows_of(const struct layer *l)
{
    const int64_t capacity = layer_capacity(l);
    return capacity ? capacity : layer_int(l, ARG_linear_out);
}

static void params_linear(struct param_list *p)
{
    const int64_t rows = rows_of(p->layer);
    param_weight(p, shape_2d(rows, p->x->dim[1]), ARG_linear_init);
    if (layer_bool(p->layer, ARG_linear_bias))
        param_bias(p, rows);
}

/* Of the rows that there is room for: where classes come while the program runs, all, and whoever runs it says which are in use;
 * elsewhere those that have a class. */
static value_id rows_in_use(struct layer_site *s, value_id y)
{
    const int64_t rows = rows_of(s->layer), out = layer_int(s->layer, ARG_linear_out);
    if (!value_valid(y) || (rows == out && !s->grows))
        return y;
    if (!s->grows)
        return first_channels(s->graph, y, out);
    const value_id unused = graph_input_as(
        s->graph, "unused", (struct type){FTMRT_F32, shape_1d(rows)}, FTMRT_ROLE_UNUSED);
    return site_add(s, OP_bias_add, NULL, (const value_id[]){y, unused}, 2);
}

static value_id lower_linear(struct layer_site *s)
{
    value_id y =
        site_add(s, OP_linear, NULL, (const value_id[]){s->inputs[0], site_param(s, 0)}, 2);
    if (s->layer->param_count > 1)
        y = site_add(s, OP_bias_add, NULL, (const value_id[]){y, site_param(s, 1)}, 2);
    return rows_in_use(s, y);
}

static bool check_capacity(struct diag *diag, const struct layer *l)
{
    const int64_t capacity = layer_capacity(l), out = layer_int(l, ARG_linear_out);
    if (!capacity || capacity >= out)
        return true;
    char wanted[64], found[32];
    snprintf(wanted, sizeof wanted, "at least its %" PRId64 " outputs", out);
    snprintf(found, sizeof found, "%" PRId64, capacity);
    diag_report(diag, l->span, DIAG_BAD_VALUE, "'capacity' of linear", wanted, found);
    return false;
}

/* A map is read over the channels of each place only where it is seen with channels last: elsewhere a flatten was forgotten. */
static bool check_linear(struct diag *diag, const struct layer *l, const struct shape *x)
{
    char text[128];
    if (!check_capacity(diag, l))
        return false;
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
                                         .product = true,
                                         .check = check_linear,
                                         .channels_last = as_input,
                                         .lower = lower_linear,
                                         .work = work_of_weight};
