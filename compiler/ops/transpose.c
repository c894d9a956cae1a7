/* A matrix turned over. */
#include "op_shape.h"
#include "rules.h"

bool shape_transpose(struct graph *g, struct node *n)
{
    struct shape x = shape_in(g, n, 0).shape;
    if (!shape_want_matrix(g, n, 0))
        return false;
    n->type = shape_f32(shape_2d(x.dim[1], x.dim[0]));
    return true;
}

void eval_transpose(struct eval *e)
{
    int64_t rows = e->out.shape.dim[0], columns = e->out.shape.dim[1];
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            e->out.data[i * columns + j] = e->in[0].data[j * rows + i];
}

void grad_transpose(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, graph_op(g->graph, OP_transpose, NULL, g->dy));
}
