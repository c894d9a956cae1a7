/* Forms of values: see form.h. */
#include "form.h"

struct form form_of(const struct node *n)
{
    return (struct form){.layout = n->layout, .stored = n->type.dtype};
}

bool form_is_weight(const struct type *t)
{
    return t->dtype == FTMRT_F32 && t->shape.rank == 4 && !shape_batched(&t->shape);
}

static enum ftmrt_layout usual_layout(const struct type *t, enum ftmrt_layout weight)
{
    uint32_t rank = t->shape.rank;
    if (t->dtype != FTMRT_F32)
        return FTMRT_LAYOUT_PLAIN;
    if (shape_batched(&t->shape))
        return rank == 2 || rank == 4 ? FTMRT_LAYOUT_BLOCKED : FTMRT_LAYOUT_PLAIN;
    if (rank == 1 || rank == 2)
        return FTMRT_LAYOUT_VECTOR;
    return rank == 4 ? weight : FTMRT_LAYOUT_PLAIN;
}

struct form form_usual(const struct type *t, enum ftmrt_layout weight)
{
    return (struct form){.layout = usual_layout(t, weight), .stored = t->dtype};
}

uint64_t form_bytes(struct form form, const struct shape *s)
{
    return (uint64_t)ftmrt_layout_elements(form.layout, s->rank, s->dim) *
           ftmrt_dtype_size(form.stored);
}
