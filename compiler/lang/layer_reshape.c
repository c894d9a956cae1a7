/* reshape: another shape for the values of each image. */
#include "layer.h"

/* The sizes behind the batch as they are written; one number: one size. */
static uint32_t written_sizes(const struct layer *l, int64_t sizes[SHAPE_MAX_RANK])
{
    const struct value *v = &l->args[ARG_reshape_shape];
    const uint32_t count = v->kind == VALUE_INT ? 1 : v->count;
    for (uint32_t i = 0; i < count && i < SHAPE_MAX_RANK; i++)
        sizes[i] = v->kind == VALUE_INT ? v->integer : v->items[i].integer;
    return count;
}

static bool check_reshape(struct diag *diag, const struct layer *l, const struct shape *x)
{
    (void)x;
    int64_t sizes[SHAPE_MAX_RANK];
    uint32_t count = written_sizes(l, sizes), open = 0;
    bool fine = count < SHAPE_MAX_RANK;
    for (uint32_t i = 0; fine && i < count; i++) {
        open += sizes[i] == -1;
        fine = sizes[i] != 0 && open < 2;
    }
    if (!fine)
        diag_report(diag, l->span, DIAG_RESHAPE_SIZES, SHAPE_MAX_RANK - 1);
    return fine;
}

/* -1 is what the others leave, where they divide; else the op's shape rule reports that they do not. */
static value_id lower_reshape(struct layer_site *s)
{
    const struct shape *x = graph_shape(s->graph, s->inputs[0]);
    int64_t sizes[SHAPE_MAX_RANK];
    struct attrs a = {.shape = {.rank = 1 + written_sizes(s->layer, sizes), .dim = {x->dim[0]}}};
    for (uint32_t i = 1; i < a.shape.rank; i++)
        a.shape.dim[i] = sizes[i - 1] == -1 ? 1 : sizes[i - 1];
    const int64_t left = shape_elements(x, 1) / shape_elements(&a.shape, 1);
    for (uint32_t i = 1; i < a.shape.rank; i++)
        if (sizes[i - 1] == -1 && left > 0)
            a.shape.dim[i] = left;
    return site_add(s, OP_reshape, &a, s->inputs, 1);
}

const struct layer_rules rules_reshape = {.lower = lower_reshape, .check = check_reshape};
