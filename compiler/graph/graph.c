/* Building and rewriting graphs.
 *
 * Sorting is a depth-first walk in list order that puts operands before their user, so that a list
 * that is already in order stays as it is; inputs come first and effects last, each in their order.
 */
#include "graph.h"

#include <string.h>

#include "op.h"
#include "query.h"

struct program *program_new(struct arena *arena, struct diag *diag, const char *name,
                            int64_t max_batch)
{
    struct program *p = arena_new(arena, struct program);
    p->arena = arena;
    p->diag = diag;
    p->name = arena_strdup(arena, name);
    p->max_batch = max_batch;
    p->shards = 4;
    return p;
}

struct graph *program_add_function(struct program *p, const char *name, bool training)
{
    struct graph *g = arena_new(p->arena, struct graph);
    g->program = p;
    g->name = arena_strdup(p->arena, name);
    g->training = training;
    vec_push(p->arena, &p->functions, g);
    return g;
}

struct graph *program_find_function(const struct program *p, const char *name)
{
    for (uint32_t i = 0; i < p->functions.len; i++)
        if (strcmp(p->functions.at[i]->name, name) == 0)
            return p->functions.at[i];
    return NULL;
}

uint32_t program_add_state(struct program *p, struct state s)
{
    vec_push(p->arena, &p->states, s);
    return p->states.len - 1;
}

uint32_t program_find_state(const struct program *p, const char *name)
{
    for (uint32_t i = 0; i < p->states.len; i++)
        if (strcmp(p->states.at[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

bool state_constant(const struct state *s) { return !s->trainable && !s->mutable; }

/* ---- types ---- */

/* Values beyond this are refused, so that sizes in bytes and flat indices always fit their types.
 */
static const int64_t max_elements = INT64_C(1) << 40;

static bool within_limit(struct graph *g, const struct node *n)
{
    char text[128];
    if (shape_elements(&n->type.shape, g->program->max_batch) <= max_elements)
        return true;
    diag_report(g->program->diag, n->span, DIAG_VALUE_TOO_LARGE, op_info(n->op)->name,
                shape_text(&n->type.shape, text, sizeof text));
    return false;
}

static bool infer_one(struct graph *g, struct node *n)
{
    const struct op_info *info = op_info(n->op);
    FTM_BUG_ON(n->input_count < info->min_inputs || n->input_count > info->max_inputs,
               "%s with %u operands", info->name, n->input_count);
    return info->shape(g, n) && within_limit(g, n);
}

/* The steps' operations are inferred as nodes of their own, whose operand 0 is VALUE_NONE: the
 * value so far. */
bool graph_infer(struct graph *g, struct node *n)
{
    struct node part = *n;
    part.step_count = 0;
    part.input_count = node_anchor_inputs(n);
    uint32_t next = part.input_count;
    bool ok = infer_one(g, &part);
    for (uint32_t s = 0; ok && s < n->step_count; s++) {
        const struct step *step = &n->steps[s];
        struct node one = {
            .op = step->op, .attrs = step->attrs, .type = part.type, .span = n->span};
        one.inputs[one.input_count++] = VALUE_NONE;
        for (uint32_t i = 0; i < step->extra; i++)
            one.inputs[one.input_count++] = n->inputs[next++];
        ok = infer_one(g, &one);
        part.type = one.type;
    }
    if (ok)
        n->type = part.type;
    return ok;
}

/* ---- building ---- */

static value_id append(struct graph *g, struct node n)
{
    vec_push(g->program->arena, &g->nodes, n);
    return (value_id){g->nodes.len - 1};
}

value_id graph_add(struct graph *g, enum op op, const value_id *inputs, uint32_t input_count,
                   const struct attrs *attrs, struct span span, const char *name)
{
    struct node n = {.op = op, .input_count = input_count, .span = span, .name = name};
    FTM_BUG_ON(input_count > NODE_MAX_INPUTS, "%s with %u operands", op_info(op)->name,
               input_count);
    for (uint32_t i = 0; i < input_count; i++) {
        if (!value_valid(inputs[i]))
            return VALUE_NONE;
        FTM_BUG_ON(inputs[i].i >= g->nodes.len, "operand %u of %s does not exist", i,
                   op_info(op)->name);
        n.inputs[i] = inputs[i];
    }
    if (attrs)
        n.attrs = *attrs;
    return graph_infer(g, &n) ? append(g, n) : VALUE_NONE;
}

value_id graph_op_(struct graph *g, enum op op, const struct attrs *attrs, const value_id *inputs,
                   uint32_t count)
{
    value_id v = graph_add(g, op, inputs, count, attrs, SPAN_NONE, NULL);
    if (!value_valid(v)) {
        const struct diag *d = g->program->diag;
        diag_bug(__FILE__, __LINE__, "cannot build %s in function %s: %s", op_info(op)->name,
                 g->name,
                 d->items.len > 0 ? d->items.at[d->items.len - 1].text : "an operand is missing");
    }
    return v;
}

value_id graph_input(struct graph *g, const char *name, struct type type)
{
    struct node n = {.op = OP_input, .type = type};
    n.attrs.label = arena_strdup(g->program->arena, name);
    return append(g, n);
}

value_id graph_state(struct graph *g, uint32_t state)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (!n->dead && n->op == OP_state && n->attrs.state == state)
            return (value_id){i};
    }
    FTM_BUG_ON(state >= g->program->states.len, "state %u does not exist", state);
    const struct state *s = &g->program->states.at[state];
    struct node n = {.op = OP_state, .type = s->type, .layout = s->layout, .span = s->span};
    n.attrs.state = state;
    return append(g, n);
}

value_id graph_constant(struct graph *g, double value, struct type type)
{
    struct node n = {.op = OP_constant, .type = type};
    n.attrs.value = value;
    n.attrs.shape = type.shape;
    return append(g, n);
}

value_id graph_find_input(const struct graph *g, const char *name)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (!n->dead && n->op == OP_input && strcmp(n->attrs.label, name) == 0)
            return (value_id){i};
    }
    return VALUE_NONE;
}

void graph_output(struct graph *g, const char *name, value_id v)
{
    struct named_value output = {arena_strdup(g->program->arena, name), v};
    vec_push(g->program->arena, &g->outputs, output);
}

value_id graph_find_output(const struct graph *g, const char *name)
{
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (strcmp(g->outputs.at[i].name, name) == 0)
            return g->outputs.at[i].value;
    return VALUE_NONE;
}

/* ---- rewriting ---- */

void graph_replace_uses(struct graph *g, value_id from, value_id to, value_id except)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        struct node *n = &g->nodes.at[i];
        if (n->dead || i == except.i)
            continue;
        for (uint32_t k = 0; k < n->input_count; k++)
            if (value_same(n->inputs[k], from))
                n->inputs[k] = to;
    }
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (value_same(g->outputs.at[i].value, from))
            g->outputs.at[i].value = to;
}

uint32_t graph_use_count(const struct graph *g, value_id v)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        for (uint32_t k = 0; !n->dead && k < n->input_count; k++)
            count += value_same(n->inputs[k], v);
    }
    for (uint32_t i = 0; i < g->outputs.len; i++)
        count += value_same(g->outputs.at[i].value, v);
    return count;
}

enum { UNSEEN = 0, OPEN, PLACED };

struct sorter {
    const struct graph *g;
    unsigned char *mark;
    uint32_t *place; /* new index by old index */
    uint32_t *order; /* old index by new index */
    uint32_t *stack; /* nodes whose operands are being placed */
    uint32_t *next;  /* next operand to look at, by old index */
    uint32_t placed;
};

/* Pushes the next operand of a node that is not placed yet; false if there is none. */
static bool push_operand(struct sorter *s, uint32_t *depth)
{
    uint32_t i = s->stack[*depth - 1];
    const struct node *n = &s->g->nodes.at[i];
    while (s->next[i] < n->input_count) {
        uint32_t operand = n->inputs[s->next[i]++].i;
        FTM_BUG_ON(operand >= s->g->nodes.len || s->g->nodes.at[operand].dead,
                   "%s reads a value that does not exist", op_info(n->op)->name);
        FTM_BUG_ON(s->mark[operand] == OPEN, "%s depends on itself", op_info(n->op)->name);
        if (s->mark[operand] == UNSEEN) {
            s->mark[operand] = OPEN;
            s->stack[(*depth)++] = operand;
            return true;
        }
    }
    return false;
}

static void place_with_operands(struct sorter *s, uint32_t root)
{
    if (s->mark[root] != UNSEEN)
        return;
    uint32_t depth = 0;
    s->mark[root] = OPEN;
    s->stack[depth++] = root;
    while (depth > 0) {
        if (push_operand(s, &depth))
            continue;
        uint32_t i = s->stack[--depth];
        s->mark[i] = PLACED;
        s->place[i] = s->placed;
        s->order[s->placed++] = i;
    }
}

/* Group of a node in the order: inputs, everything else, effects. */
static int sort_group(const struct node *n)
{
    if (n->op == OP_input)
        return 0;
    return op_info(n->op)->cls == OP_CLASS_EFFECT ? 2 : 1;
}

static void renumber(struct graph *g, const struct sorter *s)
{
    struct node *nodes = arena_array(g->program->arena, struct node, s->placed);
    for (uint32_t i = 0; i < s->placed; i++) {
        nodes[i] = g->nodes.at[s->order[i]];
        for (uint32_t k = 0; k < nodes[i].input_count; k++)
            nodes[i].inputs[k].i = s->place[nodes[i].inputs[k].i];
    }
    g->nodes.at = nodes;
    g->nodes.len = g->nodes.cap = s->placed;
    for (uint32_t i = 0; i < g->outputs.len; i++) {
        uint32_t old = g->outputs.at[i].value.i;
        g->outputs.at[i].value.i = s->place[old];
    }
}

void graph_sort(struct graph *g)
{
    struct arena scratch;
    arena_init(&scratch, "sort");
    uint32_t count = g->nodes.len;
    struct sorter s = {.g = g};
    s.mark = arena_array(&scratch, unsigned char, count);
    s.place = arena_array(&scratch, uint32_t, count);
    s.order = arena_array(&scratch, uint32_t, count);
    s.stack = arena_array(&scratch, uint32_t, count);
    s.next = arena_array(&scratch, uint32_t, count);
    for (int group = 0; group < 3; group++)
        for (uint32_t i = 0; i < count; i++)
            if (!g->nodes.at[i].dead && sort_group(&g->nodes.at[i]) == group)
                place_with_operands(&s, i);
    for (uint32_t i = 0; i < g->outputs.len; i++)
        FTM_BUG_ON(g->outputs.at[i].value.i >= count || s.mark[g->outputs.at[i].value.i] != PLACED,
                   "output %s has no value", g->outputs.at[i].name);
    renumber(g, &s);
    arena_clear(&scratch);
}
