/* The usual forms of values: see form_usual.h. */
#include "form_usual.h"

#include "op.h"
#include "query.h"
#include "rounding.h"

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

static uint64_t bytes_at_maximum(const struct graph *g, struct form form, struct shape s)
{
    if (shape_batched(&s))
        s.dim[0] = graph_max_n(g);
    return form_bytes(form, &s);
}

uint64_t form_part_offset(const struct graph *g, const struct node *packed, uint32_t part)
{
    enum { ALIGN = 64 };
    uint64_t offset = 0;
    for (uint32_t i = 0; i < part; i++) {
        const struct type t = node_part(g, packed, i);
        struct form form = form_usual(&t, FTMRT_LAYOUT_PLAIN);
        form.stored = packed->form.stored;
        offset += align_up(bytes_at_maximum(g, form, t.shape), ALIGN);
    }
    return offset;
}

uint64_t form_value_bytes(const struct graph *g, const struct node *n)
{
    uint32_t parts = node_parts(g, n);
    return parts ? form_part_offset(g, n, parts) : bytes_at_maximum(g, n->form, n->type.shape);
}
