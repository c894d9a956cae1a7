/* Forms of values: see form.h. */
#include "form.h"

struct form form_plain(const struct type *t)
{
    return (struct form){.layout = FTMRT_LAYOUT_PLAIN, .stored = t->dtype};
}

bool form_fits(struct form form, const struct type *t)
{
    bool tensor = t->dtype == FTMRT_F32 && t->shape.rank > 0;
    switch (form.layout) {
    case FTMRT_LAYOUT_PLAIN: return true;
    case FTMRT_LAYOUT_BLOCKED: return tensor && (t->shape.rank == 2 || t->shape.rank == 4);
    case FTMRT_LAYOUT_VECTOR: return tensor && t->shape.rank <= 2;
    case FTMRT_LAYOUT_CONV:
    case FTMRT_LAYOUT_CONV_T: return tensor && t->shape.rank == 4;
    case FTMRT_LAYOUT_DEPTHWISE: return tensor && t->shape.rank == 4 && t->shape.dim[1] == 1;
    case FTMRT_LAYOUT_COUNT: break;
    }
    return false;
}

int64_t form_elements(struct form form, const struct shape *s)
{
    return ftmrt_layout_elements(form.layout, s->rank, s->dim);
}

uint64_t form_bytes(struct form form, const struct shape *s)
{
    return (uint64_t)form_elements(form, s) * ftmrt_dtype_size(form.stored);
}
