/* Facts of the convolutions: dense (one group, or groups of whole channel blocks), depthwise (a group
 * per channel) and grouped (any), each forward, gradient to the input and gradient of the weight. */
#include <inttypes.h>

#include "facts.h"
#include "gather.h"
#include "grad_weight_tiles.h"

/* What the names say of a convolution: channels of its input and output, and the input's map. */
struct sizes {
    int64_t in, out;
    const int64_t *kernel, *map;
};

static struct sizes forward_sizes(const struct graph *g, const struct node *n)
{
    const struct shape *x = graph_shape(g, n->inputs[0]), *w = graph_shape(g, n->inputs[1]);
    return (struct sizes){x->dim[1], w->dim[0], &w->dim[2], &x->dim[2]};
}

static struct sizes input_sizes(const struct graph *g, const struct node *n)
{
    const struct shape *w = graph_shape(g, n->inputs[1]);
    return (struct sizes){n->type.shape.dim[1], w->dim[0], &w->dim[2], n->attrs->in_size};
}

static struct sizes weight_sizes(const struct graph *g, const struct node *n)
{
    const struct shape *x = graph_shape(g, n->inputs[0]), *dy = graph_shape(g, n->inputs[1]);
    return (struct sizes){x->dim[1], dy->dim[1], n->attrs->kernel, &x->dim[2]};
}

static bool is_depthwise(const struct node *n, struct sizes s)
{
    return n->attrs->groups > 1 && s.in == n->attrs->groups && s.out == n->attrs->groups;
}

static void name_convolution(struct strbuf *b, const struct node *n, struct sizes s)
{
    strbuf_addf(b, "_%" PRId64 "x%" PRId64, s.kernel[0], s.kernel[1]);
    kernel_name_pair(b, "s", n->attrs->stride);
    kernel_name_pair(b, "d", n->attrs->dilation);
    if (is_depthwise(n, s))
        strbuf_addf(b, "_depthwise_%" PRId64, s.in);
    else if (n->attrs->groups > 1)
        strbuf_addf(b, "_g%" PRId64 "_%" PRId64 "x%" PRId64, n->attrs->groups, s.in, s.out);
    else
        strbuf_addf(b, "_%" PRId64 "x%" PRId64, s.in, s.out);
    strbuf_addf(b, "_%" PRId64 "x%" PRId64, s.map[0], s.map[1]);
}

static void name_forward(struct strbuf *b, const struct graph *g, const struct node *n)
{
    name_convolution(b, n, forward_sizes(g, n));
}

static void name_input(struct strbuf *b, const struct graph *g, const struct node *n)
{
    name_convolution(b, n, input_sizes(g, n));
}

static void name_weight(struct strbuf *b, const struct graph *g, const struct node *n)
{
    name_convolution(b, n, weight_sizes(g, n));
}

/* ---- which applies ---- */

/* Groups of whole channel blocks are dense convolutions side by side. */
static bool is_dense(const struct node *n, struct sizes s)
{
    int64_t groups = n->attrs->groups;
    return groups == 1 || (s.in / groups % FTMRT_CB == 0 && s.out / groups % FTMRT_CB == 0);
}

static bool dense_forward(const struct graph *g, const struct node *n)
{
    return is_dense(n, forward_sizes(g, n));
}

static bool dense_input(const struct graph *g, const struct node *n)
{
    return is_dense(n, input_sizes(g, n));
}

static bool dense_weight(const struct graph *g, const struct node *n)
{
    return is_dense(n, weight_sizes(g, n));
}

static bool depthwise_forward(const struct graph *g, const struct node *n)
{
    return is_depthwise(n, forward_sizes(g, n));
}

static bool depthwise_input(const struct graph *g, const struct node *n)
{
    return is_depthwise(n, input_sizes(g, n));
}

static bool depthwise_weight(const struct graph *g, const struct node *n)
{
    return is_depthwise(n, weight_sizes(g, n));
}

/* ---- forms and scratch ---- */

/* Backward through a dense convolution the roles of its channels are exchanged. */
static struct form wants_transposed(const struct graph *g, const struct node *n, uint32_t operand)
{
    return form_usual(&graph_node(g, n->inputs[operand])->type, FTMRT_LAYOUT_CONV_T);
}

/* A partial result per shard: that of shard s at s * (bytes / shards). */
static uint64_t scratch_depthwise(const struct graph *g, const struct node *n)
{
    const struct form form = form_usual(&n->type, FTMRT_LAYOUT_DEPTHWISE);
    return (uint64_t)g->program->shards * form_bytes(form, &n->type.shape);
}

static uint64_t scratch_dense(const struct graph *g, const struct node *n)
{
    const struct form form = form_usual(&n->type, FTMRT_LAYOUT_CONV);
    if (grad_weight_shards_inside(n))
        return 0;
    return (uint64_t)g->program->shards * form_bytes(form, &n->type.shape);
}

const struct kernel_facts facts_conv = {
    .takes_steps = true,
    .images = 1U << 0,
    .weight = FTMRT_LAYOUT_CONV,
    .applies = dense_forward,
    .detail = name_forward,
};

const struct kernel_facts facts_conv_grad_input = {
    .takes_steps = true,
    .weight = FTMRT_LAYOUT_CONV,
    .applies = dense_input,
    .wants = wants_transposed,
    .detail = name_input,
};

const struct kernel_facts facts_conv_grad_weight = {
    .merges = FTMRT_MERGE_SUM,
    .images = 1U << 0,
    .weight = FTMRT_LAYOUT_CONV,
    .applies = dense_weight,
    .scratch = scratch_dense,
    .detail = name_weight,
};

const struct kernel_facts facts_depthwise = {
    .takes_steps = true,
    .weight = FTMRT_LAYOUT_DEPTHWISE,
    .applies = depthwise_forward,
    .detail = name_forward,
};

const struct kernel_facts facts_depthwise_grad_input = {
    .takes_steps = true,
    .weight = FTMRT_LAYOUT_DEPTHWISE,
    .applies = depthwise_input,
    .detail = name_input,
};

const struct kernel_facts facts_depthwise_grad_weight = {
    .merges = FTMRT_MERGE_SUM,
    .weight = FTMRT_LAYOUT_DEPTHWISE,
    .applies = depthwise_weight,
    .scratch = scratch_depthwise,
    .detail = name_weight,
};

/* ---- any groups ---- */

/* Channels are gathered lane by lane: several times as slow as a kernel that loads them together. */
static double scattered_cost(const struct graph *g, const struct node *n)
{
    (void)g, (void)n;
    return 1;
}

const struct kernel_facts facts_grouped = {
    .takes_steps = true,
    .weight = FTMRT_LAYOUT_CONV,
    .cost = scattered_cost,
    .detail = name_forward,
};

const struct kernel_facts facts_grouped_grad_input = {
    .takes_steps = true,
    .weight = FTMRT_LAYOUT_CONV,
    .cost = scattered_cost,
    .detail = name_input,
};

static uint64_t scratch_grouped(const struct graph *g, const struct node *n)
{
    const struct form form = form_usual(&n->type, FTMRT_LAYOUT_CONV);
    return (uint64_t)g->program->shards * form_bytes(form, &n->type.shape);
}

const struct kernel_facts facts_grouped_grad_weight = {
    .merges = FTMRT_MERGE_SUM,
    .weight = FTMRT_LAYOUT_CONV,
    .cost = scattered_cost,
    .scratch = scratch_grouped,
    .detail = name_weight,
};
