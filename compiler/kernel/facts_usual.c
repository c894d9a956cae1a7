/* Facts of the kernels that take and make values as is usual for their types. */
#include <inttypes.h>

#include "facts.h"

const struct kernel_facts facts_usual = {.takes_steps = true};

const struct kernel_facts facts_no_steps = {0};

/* ---- reductions over the batch ---- */

/* A chain within each shard and then a fixed tree over the shards: a partial result per shard, that
 * of shard s at s * (bytes / shards). */
static uint64_t scratch_reduction(const struct graph *g, const struct node *n)
{
    return (uint64_t)g->program->shards *
           form_bytes(form_usual(&n->type, FTMRT_LAYOUT_PLAIN), &n->type.shape);
}

/* Steps would be applied in the second phase, where no activation is at hand. */
const struct kernel_facts facts_reduction = {.merges = FTMRT_MERGE_SUM,
                                             .scratch = scratch_reduction};

const struct kernel_facts facts_moments = {.merges = FTMRT_MERGE_MOMENTS,
                                           .scratch = scratch_reduction};

/* One line per shard, so that shards do not share one. */
static uint64_t scratch_loss(const struct graph *g, const struct node *n)
{
    (void)n;
    return (uint64_t)g->program->shards * FTMRT_CB * sizeof(float);
}

const struct kernel_facts facts_loss = {.merges = FTMRT_MERGE_LOSS, .scratch = scratch_loss};

/* Without class weights all of them are the same constant. */
const struct kernel_facts facts_weight = {
    .constants = 1U << 2, .merges = FTMRT_MERGE_WEIGHT, .scratch = scratch_loss};

/* ---- pooling ---- */

static void name_window(struct strbuf *b, const struct node *n, const struct shape *x)
{
    strbuf_addf(b, "_%" PRId64 "x%" PRId64, n->attrs->kernel[0], n->attrs->kernel[1]);
    kernel_name_pair(b, "s", n->attrs->stride);
    if (n->attrs->dilation[0])
        kernel_name_pair(b, "d", n->attrs->dilation);
    kernel_name_shape(b, x);
}

static void name_pool(struct strbuf *b, const struct graph *g, const struct node *n)
{
    name_window(b, n, graph_shape(g, n->inputs[0]));
}

static void name_pool_grad(struct strbuf *b, const struct graph *g, const struct node *n)
{
    (void)g;
    name_window(b, n, &n->type.shape);
}

const struct kernel_facts facts_pool = {.takes_steps = true, .detail = name_pool};

const struct kernel_facts facts_pool_grad = {.takes_steps = true, .detail = name_pool_grad};

/* ---- copies of channels ---- */

/* A constant is the gradient of a part that nothing reads. */
const struct kernel_facts facts_concat = {.constants = UINT32_MAX};

/* ---- others whose names say more ---- */

static void name_relayout(struct strbuf *b, const struct graph *g, const struct node *n)
{
    strbuf_addf(b, "_%s_%s", ftmrt_layout_name(graph_node(g, n->inputs[0])->form.layout),
                ftmrt_layout_name(n->attrs->to));
    kernel_name_shape(b, &n->type.shape);
}

/* It may write the caller's memory, so it takes no steps. */
const struct kernel_facts facts_relayout = {.detail = name_relayout};

static void name_running_stats(struct strbuf *b, const struct graph *g, const struct node *n)
{
    (void)g;
    strbuf_addf(b, "_%" PRId64 "_%" PRId64 "x%" PRId64, n->type.shape.dim[0], n->attrs->in_size[0],
                n->attrs->in_size[1]);
}

const struct kernel_facts facts_running_stats = {.detail = name_running_stats};
