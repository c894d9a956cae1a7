/* Facts of the kernels of layer normalisation: without parameters of its own, weight and bias are constants. */
#include "facts.h"
#include "place_tiles.h"

const struct kernel_facts facts_layer_norm = {.takes_steps = true, .constants = 1U << 1 | 1U << 2};

const struct kernel_facts facts_layer_norm_grad = {.takes_steps = true, .constants = 1U << 2};

/* For each shard the sums of its images, and mean and deviation of the places of a tile. */
static uint64_t scratch(const struct graph *g, const struct node *n)
{
    const uint64_t moments = 2 * (uint64_t)PLACES_OF_TILE * sizeof(float);
    return (uint64_t)g->program->shards *
           (form_bytes(form_usual(&n->type, FTMRT_LAYOUT_PLAIN), &n->type.shape) + moments);
}

const struct kernel_facts facts_layer_norm_grad_stats = {.merges = FTMRT_MERGE_SUM,
                                                         .scratch = scratch};
