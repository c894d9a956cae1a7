/* How much memory a kernel wants for the partial results of the shards.
 *
 * Every reduction over the batch is a chain within each shard and then a fixed tree over the
 * shards, so each shard has its own partial result. Layout of the scratch, which codegen/ follows:
 * shard s at s * (bytes / shards). */
#include "schedule.h"

static uint64_t per_shard(const struct graph *g, uint64_t bytes)
{
    return (uint64_t)g->program->shards * bytes;
}

/* A rule of the format, not of the machine: the plan of the memory is the same for every
 * instruction set. */
bool schedule_shards_inside(const struct node *n)
{
    enum { TILES = 64 };
    const int64_t *dim = n->type.shape.dim;
    return n->attrs->groups == 1 &&
           (dim[0] + FTMRT_CB - 1) / FTMRT_CB * ((dim[1] + FTMRT_CB - 1) / FTMRT_CB) >= TILES;
}

uint64_t schedule_scratch(const struct graph *g, const struct node *n)
{
    const uint64_t line = FTMRT_CB * sizeof(float);
    uint64_t result =
        (uint64_t)ftmrt_layout_elements(n->layout, n->type.shape.rank, n->type.shape.dim) *
        sizeof(float);
    switch ((int)n->op) {
    case OP_conv2d_grad_weight: return schedule_shards_inside(n) ? 0 : per_shard(g, result);
    case OP_channel_sum:
    case OP_channel_dot:
    case OP_bn_stats: /* mean, sum of squared deviations */
    case OP_bn_grad_stats: return per_shard(g, result);
    case OP_cross_entropy: /* one line, so that shards do not share one */
        return per_shard(g, line);
    default: return 0;
    }
}
