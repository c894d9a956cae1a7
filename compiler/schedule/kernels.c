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
#include <string.h>

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
    else if (s->rank >= 1)
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

static bool name_taken(const struct schedule *s, const char *name)
{
    for (uint32_t i = 0; i < s->kernels.len; i++)
        if (strcmp(s->kernels.at[i].name, name) == 0)
            return true;
    return false;
}

static const char *kernel_name(const struct schedule *s, const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    struct strbuf b;
    strbuf_init(&b, s->arena);
    strbuf_add(&b, op_info(n->op)->name);
    add_details(&b, g, n);
    const char *name = b.text;
    for (uint32_t number = 2; name_taken(s, name); number++)
        name = arena_printf(s->arena, "%s_v%u", b.text, number);
    return name;
}

uint32_t plan_kernel(struct schedule *s, const struct graph *g, value_id v)
{
    for (uint32_t i = 0; i < s->kernels.len; i++)
        if (same_kernel(s->kernels.at[i].graph, s->kernels.at[i].node, g, v))
            return i;
    struct kernel k = {.graph = g, .node = v, .name = kernel_name(s, g, v)};
    vec_push(s->arena, &s->kernels, k);
    return s->kernels.len - 1;
}
