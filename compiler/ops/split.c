/* The channels of an activation cut into runs (torch.split over dimension 1): an op with a result per
 * run. Image by image the runs lie in the order of the channels, so the packed value is the
 * activation itself with its dimensions forgotten. The gradient puts the runs' gradients together. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

bool shape_split(struct graph *g, struct node *n)
{
    if (!shape_want_activation(g, n, 0))
        return false;
    const struct int_list *sizes = &n->attrs->sizes;
    struct shape x = shape_in(g, n, 0).shape;
    int64_t sum = 0;
    for (uint32_t i = 0; i < sizes->count; i++) {
        if (!shape_want_attr(g, n, "sizes", sizes->at[i], 1, x.dim[1]))
            return false;
        sum += sizes->at[i];
    }
    if (sum != x.dim[1]) {
        diag_report(g->program->diag, n->span, DIAG_SPLIT_SIZES, op_info(n->op)->name,
                    (long long)x.dim[1], (long long)sum);
        return false;
    }
    n->type = shape_f32(shape_2d(DIM_BATCH, shape_elements(&x, 1)));
    return true;
}

bool parts_split(const struct graph *g, const struct node *n, uint32_t i, struct type *type)
{
    const struct int_list *sizes = &n->attrs->sizes;
    if (i >= sizes->count)
        return false;
    *type = graph_node(g, n->inputs[0])->type;
    type->shape.dim[1] = sizes->at[i];
    return true;
}

void eval_split(struct eval *e) { eval_copy(e); }

void grad_split(struct grad *g)
{
    uint32_t count = graph_node(g->graph, g->node)->attrs->sizes.count;
    if (!grad_wanted(g, 0))
        return;
    value_id *parts = arena_array(g->graph->program->arena, value_id, count);
    for (uint32_t i = 0; i < count; i++)
        parts[i] = grad_of_part(g, i);
    const struct attrs channels = {.dim = 1};
    grad_accumulate(g, 0, graph_op_(g->graph, OP_concat, &channels, parts, count));
}
