/* freeze: what is frozen, decided once.
 *
 * Expects    the lowered program: every state says whether it is trainable
 * Changes    a training batch norm whose weight and bias are both frozen normalises with its
 *            stored statistics, and the count of its batches no longer moves; a state is mutable
 *            if it is trainable or some function writes it
 * Guarantees state_constant() holds exactly for the states whose values are known at compile time;
 *            later passes never mark one */
#include <string.h>

#include "op.h"
#include "rewrite.h"

/* Whether two state names lie in the same layer: equal up to their last component. */
static bool same_layer(const char *a, const char *b)
{
    const char *dot_a = strrchr(a, '.'), *dot_b = strrchr(b, '.');
    if (!dot_a || !dot_b || dot_a - a != dot_b - b)
        return false;
    return memcmp(a, b, (size_t)(dot_a - a)) == 0;
}

static bool operand_trainable(const struct graph *g, const struct node *n, uint32_t i)
{
    const struct state *s = rewrite_state(g, n->inputs[i]);
    return s && s->trainable;
}

static void stop_count(struct graph *g, const char *statistics)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (n->op == OP_count_update && !n->dead &&
            same_layer(rewrite_state(g, n->inputs[0])->name, statistics))
            graph_kill(g, (value_id){i});
    }
}

static bool freeze_batch_norms(struct graph *g)
{
    bool changed = false;
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (n->op != OP_batch_norm || n->dead || !n->attrs->training)
            continue;
        if (operand_trainable(g, n, 1) || operand_trainable(g, n, 2))
            continue;
        struct attrs a = *n->attrs;
        a.training = false;
        graph_set_attrs(g, (value_id){i}, &a);
        changed = true;
        if (rewrite_state(g, n->inputs[3]))
            stop_count(g, rewrite_state(g, n->inputs[3])->name);
    }
    return changed;
}

/* Notes the states that the node writes now or will write once decompose and backward have run. */
static void note_written(const struct graph *g, const struct node *n, bool *written)
{
    bool effect = op_info(n->op)->cls == OP_CLASS_EFFECT,
         statistics = n->op == OP_batch_norm && n->attrs->training;
    for (uint32_t i = statistics ? 3 : 0; (effect || statistics) && i < n->input_count; i++)
        if (graph_node(g, n->inputs[i])->op == OP_state)
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
        bool is_mutable = s->trainable || written[i];
        changed |= s->mutable != is_mutable;
        s->mutable = is_mutable;
    }
    return changed;
}

bool pass_freeze(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g)
        changed |= freeze_batch_norms(g);
    bool marked = mark_mutable(c);
    rewrite_done(c, changed);
    c->changed |= marked;
    return true;
}
