/* Products of matrices, one for each image and group; either may be stored turned over. With y = a b, da = dy b^T and db = a^T dy,
 * each with what is stored turned over: bmm again. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

static bool want_matrices(struct graph *g, const struct node *n, uint32_t i)
{
    char text[128];
    const struct shape s = shape_in(g, n, i).shape;
    if (!shape_want_f32(g, n, i))
        return false;
    const bool holds = s.rank == 3 && shape_batched(&s) && s.dim[1] % n->attrs->groups == 0;
    if (!holds)
        diag_report(g->program->diag, n->span, DIAG_OPERAND_SHAPE, op_info(n->op)->name, i + 1,
                    "[N, groups * R, C]", shape_text(&s, text, sizeof text));
    return holds;
}

bool shape_bmm(struct graph *g, struct node *n)
{
    const struct attrs *t = n->attrs;
    if (!shape_want_attr(g, n, "groups", t->groups, 1, SHAPE_ATTR_MAX) || !want_matrices(g, n, 0) ||
        !want_matrices(g, n, 1))
        return false;
    const struct shape a = shape_in(g, n, 0).shape, b = shape_in(g, n, 1).shape;
    const int64_t inner = t->transpose_a ? a.dim[1] / t->groups : a.dim[2],
                  rows = t->transpose_a ? a.dim[2] : a.dim[1] / t->groups;
    struct shape wanted = b;
    wanted.dim[t->transpose_b ? 2 : 1] = t->transpose_b ? inner : t->groups * inner;
    if (!shape_want_type(g, n, 1, shape_f32(wanted)))
        return false;
    n->type = shape_in(g, n, 0);
    n->type.shape.dim[1] = t->groups * rows;
    n->type.shape.dim[2] = t->transpose_b ? b.dim[1] / t->groups : b.dim[2];
    return true;
}

void eval_bmm(struct eval *e)
{
    const bool turned_a = e->attrs->transpose_a, turned_b = e->attrs->transpose_b;
    const int64_t *a = e->in[0].shape.dim, *y = e->out.shape.dim, groups = e->attrs->groups;
    const int64_t rows = y[1] / groups, columns = y[2], inner = turned_a ? a[1] / groups : a[2];
    for (int64_t m = 0; m < y[0] * groups; m++)
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns; j++)
                for (int64_t k = 0; k < inner; k++) {
                    const int64_t at_a = turned_a ? k * rows + i : i * inner + k,
                                  at_b = turned_b ? j * inner + k : k * columns + j;
                    e->out.data[(m * rows + i) * columns + j] +=
                        e->in[0].data[m * rows * inner + at_a] *
                        e->in[1].data[m * inner * columns + at_b];
                }
}

static value_id product(struct grad *g, value_id a, bool transpose_a, value_id b, bool transpose_b)
{
    const struct attrs t = {.groups = graph_node(g->graph, g->node)->attrs->groups,
                            .transpose_a = transpose_a,
                            .transpose_b = transpose_b};
    return graph_op(g->graph, OP_bmm, &t, a, b);
}

void grad_bmm(struct grad *g)
{
    const bool turned_a = graph_node(g->graph, g->node)->attrs->transpose_a,
               turned_b = graph_node(g->graph, g->node)->attrs->transpose_b;
    const value_id a = grad_in(g, 0), b = grad_in(g, 1);
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0,
                        turned_a ? product(g, b, turned_b, g->dy, true)
                                 : product(g, g->dy, false, b, !turned_b));
    if (grad_wanted(g, 1))
        grad_accumulate(g, 1,
                        turned_b ? product(g, g->dy, true, a, turned_a)
                                 : product(g, a, !turned_a, g->dy, false));
}
