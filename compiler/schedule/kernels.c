/* Which calls share a kernel, and what kernels are called.
 *
 * A kernel is keyed by everything its code depends on: op, attributes, steps, types and layouts of
 * operands and result. Names say what the kernel does, so that a profile reads by itself:
 * conv2d_3x3s2_3x32_64x64_bias_add_relu6 is a convolution of 3x3 at stride 2 from 3 to 32 channels
 * on a map of 64x64. Of several of one name the later ones are numbered. */
#include "plan.h"
#include "query.h"
#include "str.h"

#include <inttypes.h>

static bool same_value(const struct graph *g, value_id a, const struct graph *h, value_id b)
{
    const struct node *x = graph_node(g, a), *y = graph_node(h, b);
    return type_equal(&x->type, &y->type) && x->layout == y->layout;
}

static bool same_kernel(const struct graph *g, value_id a, const struct graph *h, value_id b)
{
    const struct node *x = graph_node(g, a), *y = graph_node(h, b);
    if (x->op != y->op || x->input_count != y->input_count || !same_value(g, a, h, b) ||
        x->attrs != y->attrs || !node_steps_equal(x, y))
        return false;
    for (uint32_t i = 0; i < x->input_count; i++)
        if (!same_value(g, x->inputs[i], h, y->inputs[i]))
            return false;
    return true;
}

/* ---- names ---- */

/* "s2", or "s2x1" where the axes differ; nothing for 1. */
static void add_pair(struct strbuf *b, const char *prefix, const int64_t pair[2])
{
    if (pair[0] == pair[1] && pair[0] == 1)
        return;
    strbuf_addf(b, "%s%" PRId64, prefix, pair[0]);
    if (pair[0] != pair[1])
        strbuf_addf(b, "x%" PRId64, pair[1]);
}

/* Channels, then the map: "_32_64x64". */
static void add_shape(struct strbuf *b, const struct shape *s)
{
    if (s->rank >= 2 && s->rank < 4 && !shape_batched(s))
        strbuf_addf(b, "_%" PRId64 "x%" PRId64, s->dim[0], s->dim[1]);
    else if (s->rank > 1 || (s->rank == 1 && !shape_batched(s)))
        strbuf_addf(b, "_%" PRId64, s->dim[shape_batched(s) && s->rank > 1 ? 1 : 0]);
    if (s->rank == 4)
        strbuf_addf(b, "_%" PRId64 "x%" PRId64, s->dim[2], s->dim[3]);
}

/* Operands of the three directions: which holds the input's channels and map, which the output's
 * channels. */
static void add_convolution(struct strbuf *b, const struct graph *g, const struct node *n)
{
    const struct shape *first = graph_shape(g, n->inputs[0]),
                       *second = graph_shape(g, n->inputs[1]);
    bool weight = n->op == OP_conv2d_grad_weight, input = n->op == OP_conv2d_grad_input;
    const int64_t *kernel = weight ? n->attrs->kernel : &second->dim[2];
    const int64_t *map = input ? n->attrs->in_size : &first->dim[2];
    int64_t out = weight ? second->dim[1] : second->dim[0];
    int64_t in = input ? second->dim[1] * n->attrs->groups : first->dim[1];
    strbuf_addf(b, "_%" PRId64 "x%" PRId64, kernel[0], kernel[1]);
    add_pair(b, "s", n->attrs->stride);
    add_pair(b, "d", n->attrs->dilation);
    if (n->attrs->groups > 1)
        strbuf_addf(b, "_depthwise_%" PRId64, in);
    else
        strbuf_addf(b, "_%" PRId64 "x%" PRId64, in, out);
    strbuf_addf(b, "_%" PRId64 "x%" PRId64, map[0], map[1]);
}

static void add_pool(struct strbuf *b, const struct graph *g, const struct node *n)
{
    strbuf_addf(b, "_%" PRId64 "x%" PRId64, n->attrs->kernel[0], n->attrs->kernel[1]);
    add_pair(b, "s", n->attrs->stride);
    add_shape(b, graph_shape(g, n->inputs[n->op == OP_max_pool_grad ? 1 : 0]));
}

static void add_details(struct strbuf *b, const struct graph *g, const struct node *n)
{
    switch ((int)n->op) {
    case OP_conv2d:
    case OP_conv2d_grad_input:
    case OP_conv2d_grad_weight: add_convolution(b, g, n); break;
    case OP_max_pool:
    case OP_max_pool_grad: add_pool(b, g, n); break;
    case OP_relayout:
        strbuf_addf(b, "_%s_%s", ftmrt_layout_name(graph_node(g, n->inputs[0])->layout),
                    ftmrt_layout_name(n->attrs->to));
        add_shape(b, &n->type.shape);
        break;
    case OP_bn_update:
        strbuf_addf(b, "_%" PRId64 "_%" PRId64 "x%" PRId64, n->type.shape.dim[0],
                    n->attrs->in_size[0], n->attrs->in_size[1]);
        break;
    default: add_shape(b, n->input_count ? graph_shape(g, n->inputs[0]) : &n->type.shape);
    }
    for (uint32_t i = 0; i < n->step_count; i++)
        strbuf_addf(b, "_%s", op_info(n->steps[i].op)->name);
}

static const char *kernel_name(struct schedule *s, const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    struct strbuf b;
    strbuf_init(&b, s->arena);
    strbuf_add(&b, op_info(n->op)->name);
    add_details(&b, g, n);
    const char *name = b.text;
    uintptr_t number = (uintptr_t)map_get(&s->kernel_names, name);
    while (map_has(&s->kernel_names, name))
        name = arena_printf(s->arena, "%s_v%u", b.text, (unsigned)++number);
    map_set(&s->kernel_names, b.text, (void *)(number ? number : 1));
    if (number)
        map_set(&s->kernel_names, name, (void *)1);
    return name;
}

/* ---- finding ---- */

static uint32_t add_value(uint32_t h, const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    h = (h ^ (uint32_t)n->layout) * 16777619U;
    for (uint32_t i = 0; i < n->type.shape.rank; i++)
        h = (h ^ (uint32_t)n->type.shape.dim[i]) * 16777619U;
    return h;
}

/* Of some of what same_kernel compares. */
static uint32_t kernel_hash(const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    uint32_t h = add_value(2166136261U ^ (uint32_t)n->op, g, v);
    for (uint32_t i = 0; i < n->input_count; i++)
        h = add_value(h, g, n->inputs[i]);
    for (uint32_t i = 0; i < n->step_count; i++)
        h = (h ^ (uint32_t)n->steps[i].op) * 16777619U;
    return h ^ h >> 15;
}

static void enter(struct schedule *s, uint32_t kernel)
{
    struct kernel *k = &s->kernels.at[kernel];
    uint32_t *head = &s->kernel_buckets[k->hash & (s->bucket_count - 1)];
    k->next = *head;
    *head = kernel + 1;
}

/* At least as many buckets as kernels. */
static void grow_buckets(struct schedule *s)
{
    if (s->kernels.len < s->bucket_count)
        return;
    s->bucket_count = s->bucket_count ? 2 * s->bucket_count : 64;
    s->kernel_buckets = arena_array(s->arena, uint32_t, s->bucket_count);
    for (uint32_t i = 0; i < s->kernels.len; i++)
        enter(s, i);
}

uint32_t plan_kernel(struct schedule *s, const struct graph *g, value_id v)
{
    uint32_t hash = kernel_hash(g, v);
    grow_buckets(s);
    for (uint32_t at = s->kernel_buckets[hash & (s->bucket_count - 1)]; at;
         at = s->kernels.at[at - 1].next)
        if (same_kernel(s->kernels.at[at - 1].graph, s->kernels.at[at - 1].node, g, v))
            return at - 1;
    struct kernel k = {.graph = g, .node = v, .hash = hash, .name = kernel_name(s, g, v)};
    vec_push(s->arena, &s->kernels, k);
    enter(s, s->kernels.len - 1);
    return s->kernels.len - 1;
}
