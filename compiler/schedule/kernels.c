/* Which calls share a kernel, and what kernels are called.
 *
 * A kernel is keyed by everything its code depends on: op, which of its kernels, attributes, steps, types and layouts of
 * operands and result; where the code is for any size (kernel/facts.h), their kinds in place of their shapes. Names say what the kernel does, so that a profile reads by itself:
 * conv2d_3x3s2_3x32_64x64_bias_add_relu6 is a convolution of 3x3 at stride 2 from 3 to 32 channels
 * on a map of 64x64. Of several of one name the later ones are numbered. */
#include <string.h>

#include "facts.h"
#include "padding.h"
#include "plan.h"
#include "query.h"

static uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* The value of an immediate stands in the code. */
static bool same_immediate(const struct node *a, const struct node *b, bool any_size)
{
    if (a->op != OP_constant && b->op != OP_constant)
        return true;
    bool value = any_size && bits_of(a->attrs->value) == bits_of(b->attrs->value);
    return a->op == b->op && (a->attrs == b->attrs || value);
}

/* Operand a of x, or x itself, against b of y. */
static bool same_value(const struct node *a, const struct node *x, const struct node *b,
                       const struct node *y, bool any_size)
{
    bool same = any_size ? kernel_same_kind(a, x, b, y)
                         : type_equal(&a->type, &b->type) && form_equal(a->form, b->form);
    return same && same_immediate(a, b, any_size);
}

/* Where the parts of a packed result begin follows from the greatest batch of its function. */
static bool same_parts(const struct graph *g, const struct node *x, const struct graph *h)
{
    return !op_parts(x->op) || !shape_batched(&x->type.shape) || graph_max_n(g) == graph_max_n(h);
}

static bool same_node(const struct graph *g, const struct node *x, const struct graph *h,
                      const struct node *y)
{
    return x->op == y->op && x->input_count == y->input_count && x->attrs == y->attrs &&
           node_steps_equal(x, y) && kernel_of(g, x) == kernel_of(h, y) && same_parts(g, x, h);
}

static bool same_kernel(const struct graph *g, value_id a, const struct graph *h, value_id b)
{
    const struct node *x = graph_node(g, a), *y = graph_node(h, b);
    if (!same_node(g, x, h, y))
        return false;
    bool any_size = kernel_any_size(g, x);
    if (any_size != kernel_any_size(h, y) || padding_masked(g, x) != padding_masked(h, y) ||
        !same_value(x, x, y, y, any_size))
        return false;
    for (uint32_t i = 0; i < x->input_count; i++)
        if (!same_value(graph_node(g, x->inputs[i]), x, graph_node(h, y->inputs[i]), y, any_size))
            return false;
    return true;
}

/* ---- names ---- */

static const char *unique_name(struct schedule *s, const struct graph *g, value_id v)
{
    struct strbuf b;
    strbuf_init(&b, s->arena);
    kernel_name(&b, g, graph_node(g, v));
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

static uint32_t add_value(uint32_t h, const struct graph *g, value_id v, bool any_size)
{
    const struct node *n = graph_node(g, v);
    h = (h ^ (uint32_t)n->form.layout) * 16777619U;
    for (uint32_t i = 0; !any_size && i < n->type.shape.rank; i++)
        h = (h ^ (uint32_t)n->type.shape.dim[i]) * 16777619U;
    return h;
}

/* Of some of what same_kernel compares. */
static uint32_t kernel_hash(const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    bool any_size = kernel_any_size(g, n);
    uint32_t h = add_value(2166136261U ^ (uint32_t)n->op, g, v, any_size);
    for (uint32_t i = 0; i < n->input_count; i++)
        h = add_value(h, g, n->inputs[i], any_size);
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
    struct kernel k = {.graph = g, .node = v, .hash = hash, .name = unique_name(s, g, v)};
    vec_push(s->arena, &s->kernels, k);
    enter(s, s->kernels.len - 1);
    return s->kernels.len - 1;
}
