/* Blocks of random networks beyond those of random_graph.c, whose draws are kept: a new op gets a
 * function and a row here. */
#include "net_builder.h"
#include "random_draw.h"

/* x + x: one value as both operands. */
static value_id doubled(struct draw *d, value_id x)
{
    return activation(d, graph_op(d->g, OP_add, NULL, x, x));
}

/* x + max_pool(x), a pool that keeps the size. */
static value_id pooled_residual(struct draw *d, value_id x)
{
    int64_t k = draw(d, 0, 2);
    struct attrs a = {.kernel = {2 * k + 1, 3}, .stride = {1, 1}, .padding = {k, 1, k, 1}};
    return graph_op(d->g, OP_add, NULL, graph_op(d->g, OP_max_pool, &a, x), x);
}

static value_id (*const blocks[])(struct draw *d, value_id x) = {
    doubled,
    pooled_residual,
};

value_id more_block(struct draw *d, value_id x)
{
    return blocks[draw(d, 0, sizeof blocks / sizeof *blocks - 1)](d, x);
}
