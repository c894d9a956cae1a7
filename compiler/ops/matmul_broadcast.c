/* torch.matmul of values and parameters of ranks 2 to 4, as nodes: the last two dimensions are matrices, those in front are
 * broadcast.
 *
 * A value by a matrix is linear, where the inner dimension lies as channels; two values are a bmm whose groups are the dimension
 * between batch and rows. Parameters of more dimensions become values first, the same for each image. */
#include "op.h"

static int64_t last(const struct shape *s, uint32_t from_end) { return s->dim[s->rank - from_end]; }

static value_id permuted(struct graph *g, value_id v, uint32_t rank, const int64_t *dims)
{
    const struct attrs a = {.dims = {rank, dims}};
    return graph_op(g, OP_permute, &a, v);
}

/* Whether v is a copy of another value with the last two dimensions swapped: v becomes that one. */
static bool swaps_last(const struct graph *g, value_id *v)
{
    const struct node *n = graph_node(g, *v);
    const uint32_t rank = n->type.shape.rank;
    if (n->op != OP_permute || rank < 3)
        return false;
    for (uint32_t i = 0; i < rank; i++) {
        const uint32_t straight = i + 1 == rank ? rank - 2 : i + 2 == rank ? rank - 1 : i;
        if (n->attrs->dims.at[i] != straight)
            return false;
    }
    *v = n->inputs[0];
    return true;
}

/* ---- by a matrix ---- */

/* x [N,...,K] by w [K,M]: the places of a map [N,K,R,1], the K as channels. */
static value_id by_matrix(struct graph *g, value_id x, value_id w)
{
    static const int64_t to_channels[] = {0, 2, 1, 3}, back[] = {0, 2, 1};
    struct shape s = *graph_shape(g, x);
    const int64_t inner = last(&s, 1), columns = graph_shape(g, w)->dim[1],
                  rows = shape_elements(&s, 1) / inner;
    if (graph_shape(g, w)->dim[0] != inner)
        return VALUE_NONE;
    w = graph_op(g, OP_transpose, NULL, w);
    if (s.rank == 2)
        return graph_op(g, OP_linear, NULL, x, w);
    x = reshape_to(g, x, shape_4d(DIM_BATCH, rows, inner, 1));
    value_id y = graph_op(g, OP_linear, NULL, permuted(g, x, 4, to_channels), w);
    const int64_t as_columns[] = {DIM_BATCH, columns, rows};
    y = permuted(g, reshape_to(g, y, shape_make(3, as_columns)), 3, back);
    s.dim[s.rank - 1] = columns;
    return reshape_to(g, y, s);
}

/* w [M,K] by x [N,K,T] or [N,H,K,T]: linear of the map as it is, or with H behind K. */
static value_id matrix_by(struct graph *g, value_id w, value_id x)
{
    static const int64_t swap[] = {0, 2, 1, 3};
    struct shape s = *graph_shape(g, x);
    if (s.rank < 3 || graph_shape(g, w)->dim[1] != last(&s, 2))
        return VALUE_NONE;
    x = s.rank == 4 ? permuted(g, x, 4, swap)
                    : reshape_to(g, x, shape_4d(DIM_BATCH, s.dim[1], s.dim[2], 1));
    value_id y = graph_op(g, OP_linear, NULL, x, w);
    s.dim[s.rank - 2] = graph_shape(g, w)->dim[0];
    return s.rank == 4 ? permuted(g, y, 4, swap) : reshape_to(g, y, s);
}

/* ---- of two values ---- */

/* A value [N,1,R,C], the same for each of so many groups: 0 + x. */
static value_id repeated(struct graph *g, value_id x, int64_t groups)
{
    struct type t = graph_node(g, x)->type;
    t.shape.dim[1] = groups;
    return graph_op(g, OP_add, NULL, graph_constant(g, 0, t), x);
}

/* A value [N,H,R,C] or [N,R,C] as groups of matrices, one below the other. */
static value_id stacked(struct graph *g, value_id x)
{
    const struct shape s = *graph_shape(g, x);
    const int64_t rows[] = {DIM_BATCH, s.rank == 4 ? s.dim[1] * s.dim[2] : s.dim[1], last(&s, 1)};
    return reshape_to(g, x, shape_make(3, rows));
}

/* One matrix b for all groups of a takes their rows together. */
static value_id of_values(struct graph *g, value_id a, value_id b)
{
    struct shape x = *graph_shape(g, a);
    const struct shape z = *graph_shape(g, b);
    const bool heads = x.rank == 4, one = heads && z.dim[1] == 1;
    if (x.rank != z.rank || x.rank < 3 || last(&x, 1) != last(&z, 2) ||
        (heads && x.dim[1] != 1 && !one && x.dim[1] != z.dim[1]))
        return VALUE_NONE;
    if (heads && x.dim[1] == 1 && !one) {
        a = repeated(g, a, z.dim[1]);
        x.dim[1] = z.dim[1];
    }
    struct attrs t = {.groups = heads && !one ? x.dim[1] : 1};
    t.transpose_a = !one && swaps_last(g, &a);
    t.transpose_b = swaps_last(g, &b);
    x.dim[x.rank - 1] = last(&z, 1);
    return reshape_to(g, graph_op(g, OP_bmm, &t, stacked(g, a), stacked(g, b)), x);
}

/* ---- parameters ---- */

/* Without leading dimensions of 1. */
static value_id narrowest(struct graph *g, value_id param)
{
    struct shape s = *graph_shape(g, param), to = {0};
    for (uint32_t i = 0; i < s.rank; i++)
        if (to.rank > 0 || s.dim[i] != 1 || s.rank - i <= 2)
            to.dim[to.rank++] = s.dim[i];
    return reshape_to(g, param, to);
}

/* A parameter [H,R,C] as a value [N,H,R,C]: 0 + x of its elements. */
static value_id for_each_image(struct graph *g, value_id param)
{
    const struct shape s = *graph_shape(g, param);
    const int64_t count = shape_elements(&s, 1);
    const struct type row = {FTMRT_F32, shape_2d(DIM_BATCH, count)};
    value_id x = reshape_to(g, param, shape_1d(count));
    x = graph_op(g, OP_bias_add, NULL, graph_constant(g, 0, row), x);
    return reshape_to(g, x, shape_4d(DIM_BATCH, s.dim[0], s.dim[1], s.dim[2]));
}

value_id matmul_broadcast(struct graph *g, value_id a, value_id b)
{
    const bool batched_a = shape_batched(graph_shape(g, a)),
               batched_b = shape_batched(graph_shape(g, b));
    a = batched_a ? a : narrowest(g, a);
    b = batched_b ? b : narrowest(g, b);
    const uint32_t rank_a = graph_shape(g, a)->rank, rank_b = graph_shape(g, b)->rank;
    if ((!batched_a && !batched_b) || rank_a < 2 || rank_b < 2 || rank_a > 4 || rank_b > 4)
        return VALUE_NONE;
    if (!batched_b && rank_b == 2)
        return by_matrix(g, a, b);
    if (!batched_a && rank_a == 2)
        return matrix_by(g, a, b);
    if ((!batched_a && rank_a != 3) || (!batched_b && rank_b != 3))
        return VALUE_NONE;
    return of_values(g, batched_a ? a : for_each_image(g, a), batched_b ? b : for_each_image(g, b));
}
