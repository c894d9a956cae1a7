/* One of the results of a node that has several: a view of the packed value. */
#include "eval_support.h"
#include "op_shape.h"
#include "query.h"
#include "rules.h"

bool shape_part(struct graph *g, struct node *n)
{
    char text[128];
    const struct node *packed = graph_node(g, n->inputs[0]);
    uint32_t count = node_parts(g, packed);
    if (count == 0) {
        diag_report(g->program->diag, n->span, DIAG_SHAPE_RANK, op_info(n->op)->name,
                    "a value of several results",
                    shape_text(&packed->type.shape, text, sizeof text));
        return false;
    }
    if (!shape_want_attr(g, n, "index", n->attrs->index, 0, count - 1))
        return false;
    n->type = node_part(g, packed, (uint32_t)n->attrs->index);
    return true;
}

/* The results are the rows of [R,C]. */
bool parts_rows(const struct graph *g, const struct node *n, uint32_t i, struct type *type)
{
    (void)g;
    *type = shape_f32(shape_1d(n->type.shape.dim[1]));
    return i < n->type.shape.dim[0];
}

/* Elements of an image of a part, or of all of it if it has no batch. */
static int64_t part_size(const struct eval *e, int64_t part)
{
    struct type t = node_part(e->graph, graph_node(e->graph, e->inputs[0]), (uint32_t)part);
    return shape_elements(&t.shape, 1);
}

void eval_part(struct eval *e)
{
    int64_t size = part_size(e, e->attrs->index), before = 0;
    int64_t images = tensor_elements(&e->out) / size;
    int64_t packed = tensor_elements(&e->in[0]) / images;
    for (int64_t i = 0; i < e->attrs->index; i++)
        before += part_size(e, i);
    for (int64_t n = 0; n < images; n++)
        memcpy(e->out.data + n * size, e->in[0].data + n * packed + before,
               (size_t)size * sizeof(double));
}

void grad_part(struct grad *g)
{
    uint32_t index = (uint32_t)graph_node(g->graph, g->node)->attrs->index;
    if (grad_wanted(g, 0))
        grad_accumulate_part(g, index, g->dy);
}
