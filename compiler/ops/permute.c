/* The dimensions of a value in another order, the batch in front: dimension k of the result is dimension dims[k] of x. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

/* Whether the dims are each dimension once, the first one first. */
static bool is_order(const struct int_list *dims, uint32_t rank)
{
    uint32_t seen = 0;
    if (dims->count != rank || dims->at[0] != 0)
        return false;
    for (uint32_t i = 0; i < rank; i++)
        if (dims->at[i] >= 0 && dims->at[i] < rank)
            seen |= 1U << dims->at[i];
    return seen == (1U << rank) - 1;
}

bool shape_permute(struct graph *g, struct node *n)
{
    char text[128];
    const struct type x = shape_in(g, n, 0);
    if (!shape_want_f32(g, n, 0))
        return false;
    if (!shape_batched(&x.shape) || !is_order(&n->attrs->dims, x.shape.rank)) {
        diag_report(g->program->diag, n->span, DIAG_PERMUTE,
                    shape_text(&x.shape, text, sizeof text));
        return false;
    }
    n->type = x;
    for (uint32_t i = 0; i < x.shape.rank; i++)
        n->type.shape.dim[i] = x.shape.dim[n->attrs->dims.at[i]];
    return true;
}

void eval_permute(struct eval *e)
{
    const struct shape *out = &e->out.shape, *in = &e->in[0].shape;
    int64_t stride[SHAPE_MAX_RANK], size = tensor_elements(&e->out);
    for (uint32_t k = 0; k < out->rank; k++) {
        stride[k] = 1;
        for (uint32_t j = (uint32_t)e->attrs->dims.at[k] + 1; j < in->rank; j++)
            stride[k] *= in->dim[j];
    }
    for (int64_t i = 0; i < size; i++) {
        int64_t rest = i, from = 0;
        for (uint32_t k = out->rank; k-- > 0; rest /= out->dim[k])
            from += rest % out->dim[k] * stride[k];
        e->out.data[i] = e->in[0].data[from];
    }
}

void grad_permute(struct grad *g)
{
    const struct int_list *dims = &graph_node(g->graph, g->node)->attrs->dims;
    int64_t *const back = arena_array(g->graph->program->arena, int64_t, dims->count);
    for (uint32_t k = 0; k < dims->count; k++)
        back[dims->at[k]] = k;
    const struct attrs a = {.dims = {dims->count, back}};
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_permute, &a, g->dy));
}
