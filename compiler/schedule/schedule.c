/* From graphs to calls: the steps of the schedule, in order.
 *
 *   states   every mutable state gets its place in the workspace
 *   calls    every computing node becomes a call, in execution order; updates move up to where
 *            nothing reads the old value any more and their gradient is made, so that gradients
 *            need not live until the step's end
 *   memory   places of operands and results (memory_plan.c), constants (const_plan.c)
 *   scratch  one block behind the arena, shared by all calls: partial results live during their
 *            call only */
#include "schedule.h"

#include "form_usual.h"
#include "plan.h"
#include "query.h"

uint64_t schedule_value_bytes(const struct graph *g, value_id v)
{
    return form_value_bytes(g, graph_node(g, v));
}

static bool is_output(const struct graph *g, value_id v)
{
    for_uses(g, v, u) if (u->user == USE_OUTPUT) return true;
    return false;
}

/* Whether a node is work: not a leaf, a view or a constant, unless that is written to an output. */
static bool plan_is_call(const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    enum op_class cls = op_info(n->op)->cls;
    bool constant = graph_value_constant(g, v) && !is_output(g, v);
    if (n->dead || cls == OP_CLASS_LEAF || cls == OP_CLASS_VIEW || constant)
        return false;
    FTM_BUG_ON(cls == OP_CLASS_COMPOUND, "%s: %s has no kernel (%%%u)", g->name,
               op_info(n->op)->name, v.i);
    return true;
}

/* ---- states ---- */

static void place_states(struct schedule *s)
{
    const struct program *p = s->program;
    s->state_offset = arena_array(s->arena, uint64_t, p->states.len);
    for (uint32_t i = 0; i < p->states.len; i++) {
        const struct state *state = &p->states.at[i];
        s->state_offset[i] = UINT64_MAX;
        if (state_constant(state))
            continue;
        s->state_offset[i] = s->states_size;
        s->states_size += plan_span(form_bytes(state->form, &state->type.shape));
    }
}

/* ---- order ---- */

/* The last node that reads the memory of v, at least `last`; what reads a view reads its operand.
 */
static uint32_t last_reader(const struct graph *g, value_id v, uint32_t last)
{
    for_uses(g, v, u)
    {
        enum op_class cls =
            u->user == USE_OUTPUT ? OP_CLASS_EFFECT : op_info(g->nodes.at[u->user].op)->cls;
        if (cls == OP_CLASS_EFFECT)
            continue;
        last = u->user > last ? u->user : last;
        if (cls == OP_CLASS_VIEW)
            last = last_reader(g, (value_id){u->user}, last);
    }
    return last;
}

/* The node behind which an update may run: all its operands are made, and what it writes is read
 * no more. */
static uint32_t update_after(const struct graph *g, const struct node *effect)
{
    uint32_t after = 0;
    for (uint32_t i = 0; i < effect->input_count; i++) {
        value_id v = effect->inputs[i];
        enum op op = graph_node(g, v)->op;
        if (op == OP_state)
            after = last_reader(g, v, after);
        else if (op != OP_input && v.i > after)
            after = v.i;
    }
    return after;
}

static bool is_effect(const struct graph *g, uint32_t i)
{
    return !g->nodes.at[i].dead && op_info(g->nodes.at[i].op)->cls == OP_CLASS_EFFECT;
}

static void add_call(struct schedule *s, struct schedule_function *f, value_id v)
{
    vec_push(s->arena, &f->calls, (struct call){.node = v, .kernel = plan_kernel(s, f->graph, v)});
}

/* Calls of a function in order: behind each node the effects that may run there, in their order. */
static void order_calls(struct schedule *s, struct arena *scratch, struct schedule_function *f)
{
    const struct graph *g = f->graph;
    uint32_t *first = arena_array(scratch, uint32_t, g->nodes.len); /* effect + 1 behind a node */
    uint32_t *next = arena_array(scratch, uint32_t, g->nodes.len);  /* and the one behind that */
    for (uint32_t i = g->nodes.len; i-- > 0;) {
        if (!is_effect(g, i))
            continue;
        uint32_t after = update_after(g, &g->nodes.at[i]);
        next[i] = first[after];
        first[after] = i + 1;
    }
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        if (!is_effect(g, i) && plan_is_call(g, (value_id){i}))
            add_call(s, f, (value_id){i});
        for (uint32_t e = first[i]; e; e = next[e - 1])
            add_call(s, f, (value_id){e - 1});
    }
}

/* ---- scratch ---- */

static void place_scratch(struct schedule *s)
{
    uint64_t begin = s->states_size + s->arena_size, bytes = 0;
    for (uint32_t f = 0; f < s->functions.len; f++)
        for (uint32_t c = 0; c < s->functions.at[f].calls.len; c++) {
            struct place *scratch = &s->functions.at[f].calls.at[c].scratch;
            if (!scratch->bytes)
                continue;
            scratch->kind = PLACE_WORKSPACE;
            scratch->offset = begin;
            bytes = scratch->bytes > bytes ? scratch->bytes : bytes;
        }
    s->workspace_size = plan_align(begin + bytes);
}

/* No machine that this is meant for has more: a recipe that asks for it has a mistake in it. */
enum { MEMORY_LIMIT_GIB = 1024 };

static bool within_memory(const struct schedule *s)
{
    const uint64_t gib = s->workspace_size >> 30;
    if (gib < MEMORY_LIMIT_GIB)
        return true;
    struct diag *diag = s->program->diag;
    diag_report(diag, SPAN_NONE, DIAG_MEMORY_LIMIT, (unsigned long long)gib,
                (long long)s->program->max_batch, MEMORY_LIMIT_GIB);
    diag_note(diag, "lower `batch`, or the size of the image that the transforms make");
    return false;
}

struct schedule *schedule_build(struct arena *arena, const struct program *p)
{
    struct schedule *s = arena_new(arena, struct schedule);
    s->arena = arena;
    s->program = p;
    map_init(&s->kernel_names, arena);
    map_init(&s->derive_index, arena);
    place_states(s);
    for (uint32_t i = 0; i < p->functions.len; i++) {
        struct arena scratch;
        arena_init(&scratch, "schedule");
        struct schedule_function f = {.graph = p->functions.at[i]};
        order_calls(s, &scratch, &f);
        plan_memory(s, &scratch, &f);
        vec_push(arena, &s->functions, f);
        arena_clear(&scratch);
    }
    place_scratch(s);
#ifndef NDEBUG
    char text[512];
    FTM_BUG_ON(!schedule_check(s, text, sizeof(text)), "the memory plan is wrong: %s", text);
#endif
    return within_memory(s) ? s : NULL;
}
