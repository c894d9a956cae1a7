/* freeze: what is frozen, decided once.
 *
 * Expects    the lowered program: every state says whether it is trainable
 * Changes    a training batch norm whose weight and bias are both frozen normalises with its
 *            stored statistics, and the count of its batches no longer moves; a state is mutable
 *            if it is trainable or some function writes it
 * Guarantees state_constant() holds exactly for the states whose values are known at compile time;
 *            later passes never mark one */
#include <string.h>

#include "map.h"
#include "op.h"
#include "rewrite.h"
#include "str.h"

static bool operand_trainable(const struct graph *g, const struct node *n, uint32_t i)
{
    const struct state *s = rewrite_state(g, n->inputs[i]);
    return s && state_trained(s, g->phase);
}

/* The counts of batches: node index + 1 by layer. */
static void find_counts(struct pass_context *c, const struct graph *g, struct map *counts)
{
    map_init(counts, c->scratch);
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = rewrite_match(g, (value_id){i}, OP_count_update);
        const char *layer =
            n ? str_path_parent(c->scratch, rewrite_state(g, n->inputs[0])->name) : NULL;
        if (layer)
            map_set(counts, layer, (void *)(uintptr_t)(i + 1));
    }
}

static void stop_count(struct pass_context *c, struct graph *g, const struct map *counts,
                       const struct state *statistics)
{
    const char *layer = str_path_parent(c->scratch, statistics->name);
    uintptr_t count = layer ? (uintptr_t)map_get(counts, layer) : 0;
    if (count)
        graph_kill(g, (value_id){(uint32_t)count - 1});
}

/* A batch norm that trains though its layer is frozen. */
static bool trains_frozen(const struct graph *g, const struct node *n)
{
    return n->op == OP_batch_norm && n->attrs->training && !operand_trainable(g, n, 1) &&
           !operand_trainable(g, n, 2);
}

bool property_settled(const struct graph *g, value_id v)
{
    return !trains_frozen(g, graph_node(g, v));
}

static bool freeze_batch_norms(struct pass_context *c, struct graph *g)
{
    bool changed = false;
    struct map counts;
    find_counts(c, g, &counts);
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (n->dead || !trains_frozen(g, n))
            continue;
        struct attrs a = *n->attrs;
        a.training = false;
        graph_set_attrs(g, (value_id){i}, &a);
        changed = true;
        if (rewrite_state(g, n->inputs[3]))
            stop_count(c, g, &counts, rewrite_state(g, n->inputs[3]));
    }
    return changed;
}

/* Notes the states that the node writes now or will write once decompose and backward have run. */
static void note_written(const struct graph *g, const struct node *n, bool *written)
{
    bool writes = op_info(n->op)->cls == OP_CLASS_EFFECT || n->attrs->training;
    for (uint32_t i = 0; writes && i < n->input_count; i++)
        if (op_writes(n->op, i) && graph_node(g, n->inputs[i])->op == OP_state)
            written[graph_node(g, n->inputs[i])->attrs->state] = true;
}

static bool mark_mutable(struct pass_context *c)
{
    bool changed = false;
    bool *written = arena_array(c->scratch, bool, c->program->states.len);
    for_functions (c, g)
        for (uint32_t i = 0; i < g->nodes.len; i++)
            if (!g->nodes.at[i].dead)
                note_written(g, &g->nodes.at[i], written);
    for (uint32_t i = 0; i < c->program->states.len; i++) {
        struct state *s = &c->program->states.at[i];
        bool is_mutable = s->trainable || s->kept || written[i];
        changed |= s->mutable != is_mutable;
        s->mutable = is_mutable;
    }
    return changed;
}

bool pass_freeze(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g)
        changed |= freeze_batch_norms(c, g);
    bool marked = mark_mutable(c);
    rewrite_done(c, changed);
    c->changed |= marked;
    return true;
}
