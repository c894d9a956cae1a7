/* cse: equal pure nodes become one.
 *
 * Expects    any program
 * Changes    a node with the op, attributes, operands and steps of an earlier one gives way to it.
 *            Effects, inputs and what draws random numbers take no part; a state leaf does, since all leaves read states as
 *            they are when the function starts
 * Guarantees no two pure nodes of a function are equal
 *
 * One walk in execution order over a hash table keyed by op, attributes and operands: operands are replaced
 * before their users are looked up, so equal trees fall together bottom-up. */
#include "op.h"
#include "query.h"
#include "rewrite.h"

struct cse {
    struct graph *g;
    uint32_t *bucket; /* node index + 1 of the newest node of a hash; 0: none */
    uint32_t *next;   /* chain through the nodes of a bucket */
    uint32_t mask;
};

static uint32_t node_hash(const struct node *n)
{
    uint32_t h = 2166136261U ^ (uint32_t)n->op;
    h = (h ^ (uint32_t)((uintptr_t)n->attrs >> 4)) * 16777619U; /* equal ones are one pointer */
    for (uint32_t i = 0; i < n->input_count; i++)
        h = (h ^ n->inputs[i].i) * 16777619U;
    return h ^ h >> 15;
}

/* The earlier equal node, or VALUE_NONE after entering this one. */
static value_id find_or_enter(struct cse *c, uint32_t i)
{
    const struct node *n = &c->g->nodes.at[i];
    uint32_t *head = &c->bucket[node_hash(n) & c->mask];
    for (uint32_t at = *head; at; at = c->next[at - 1])
        if (node_equal(&c->g->nodes.at[at - 1], n))
            return (value_id){at - 1};
    c->next[i] = *head;
    *head = i + 1;
    return VALUE_NONE;
}

static bool merge_equal(struct pass_context *context, struct graph *g)
{
    bool changed = false;
    struct cse c = {.g = g, .mask = 1023};
    while (c.mask < g->nodes.len)
        c.mask = 2 * c.mask + 1;
    c.bucket = arena_array(context->scratch, uint32_t, c.mask + 1);
    c.next = arena_array(context->scratch, uint32_t, g->nodes.len);
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (n->dead || !op_pure(n->op))
            continue;
        value_id first = find_or_enter(&c, i);
        if (!value_valid(first))
            continue;
        rewrite_replace(g, (value_id){i}, first);
        changed = true;
    }
    return changed;
}

bool pass_cse(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g)
        changed |= merge_equal(c, g);
    rewrite_done(c, changed);
    return true;
}
