/* The product of two matrices: what computed weights are made of (w + a b). Gradients: da = dy b^T,
 * db = a^T dy. */
#include "derived.h"
#include "op_shape.h"
#include "rules.h"

static struct shape matrix_of(const struct graph *g, const struct node *n, uint32_t i)
{
    return shape_in(g, n, i).shape;
}

bool shape_matmul(struct graph *g, struct node *n)
{
    if (!shape_want_matrix(g, n, 0) || !shape_want_matrix(g, n, 1))
        return false;
    int64_t columns = matrix_of(g, n, 1).dim[1], inner = matrix_of(g, n, 0).dim[1];
    if (!shape_want_type(g, n, 1, shape_f32(shape_2d(inner, columns))))
        return false;
    n->type = shape_f32(shape_2d(matrix_of(g, n, 0).dim[0], columns));
    return true;
}

void eval_matmul(struct eval *e) { eval_derived(e, FTMRT_DERIVE_MATMUL, 2); }

void grad_matmul(struct grad *g)
{
    struct graph *graph = g->graph;
    value_id a = grad_in(g, 0), b = grad_in(g, 1);
    if (grad_wanted(g, 0))
        grad_accumulate(
            g, 0, graph_op(graph, OP_matmul, NULL, g->dy, graph_op(graph, OP_transpose, NULL, b)));
    if (grad_wanted(g, 1))
        grad_accumulate(
            g, 1, graph_op(graph, OP_matmul, NULL, graph_op(graph, OP_transpose, NULL, a), g->dy));
}
