/* Building and rewriting graphs. */
#include "graph.h"

#include <string.h>

#include "op.h"

struct program *program_new(struct arena *arena, struct diag *diag, const char *name,
                            int64_t max_batch)
{
    struct program *p = arena_new(arena, struct program);
    p->arena = arena;
    p->diag = diag;
    p->name = arena_strdup(arena, name);
    p->max_batch = max_batch;
    p->shards = 4;
    p->optimizer.op = OP_COUNT;
    map_init(&p->state_names, arena);
    return p;
}

struct graph *program_add_function(struct program *p, const char *name, enum ftmrt_entry_kind kind)
{
    struct graph *g = arena_new(p->arena, struct graph);
    g->program = p;
    g->name = arena_strdup(p->arena, name);
    g->kind = kind;
    g->scope = "";
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
    s.form.stored = s.type.dtype;
    vec_push(p->arena, &p->states, s);
    if (!map_has(&p->state_names, s.name))
        map_set(&p->state_names, s.name, (void *)(uintptr_t)p->states.len);
    return p->states.len - 1;
}

uint32_t program_find_state(const struct program *p, const char *name)
{
    uintptr_t found = (uintptr_t)map_get(&p->state_names, name);
    return found ? (uint32_t)found - 1 : UINT32_MAX;
}

int64_t graph_max_n(const struct graph *g)
{
    return g->max_n > 0 ? g->max_n : g->program->max_batch;
}

bool state_trained(const struct state *s, uint32_t phase)
{
    return s->trainable && (s->phases == 0 || s->phases >> phase & 1U);
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
    FTM_BUG_ON(!op_takes(n->op, n->input_count), "%s with %u operands", info->name, n->input_count);
    return info->shape(g, n) && within_limit(g, n);
}

uint32_t node_anchor_inputs(const struct node *n)
{
    uint32_t count = n->input_count;
    for (uint32_t i = 0; i < n->step_count; i++)
        count -= n->steps[i].extra < count ? n->steps[i].extra : count;
    return count;
}

enum { MAX_STEP_OPERANDS = 8 };

/* A step's operation as a node of its own, whose operand 0 is VALUE_NONE: the value so far, of this
 * type. */
static bool infer_step(struct graph *g, const struct node *n, const struct step *step,
                       const value_id *extra, struct type *type)
{
    value_id inputs[MAX_STEP_OPERANDS] = {VALUE_NONE};
    FTM_BUG_ON(step->extra >= MAX_STEP_OPERANDS, "step %s with %u further operands",
               op_info(step->op)->name, step->extra);
    for (uint32_t i = 0; i < step->extra; i++)
        inputs[1 + i] = extra[i];
    struct node one = {.op = step->op,
                       .attrs = step->attrs,
                       .input_count = 1 + step->extra,
                       .inputs = inputs,
                       .type = *type,
                       .span = n->span};
    bool ok = infer_one(g, &one);
    *type = one.type;
    return ok;
}

bool graph_infer(struct graph *g, struct node *n)
{
    struct node part = *n;
    part.step_count = 0;
    part.input_count = node_anchor_inputs(n);
    const value_id *extra = n->inputs + part.input_count;
    bool ok = infer_one(g, &part);
    for (uint32_t s = 0; ok && s < n->step_count; s++) {
        ok = infer_step(g, n, &n->steps[s], extra, &part.type);
        extra += n->steps[s].extra;
    }
    if (!ok)
        return false;
    n->type = part.type;
    n->form.stored = part.type.dtype;
    return true;
}

/* ---- uses ---- */

static void use_begin(struct graph *g, value_id v, struct use *u)
{
    struct node *n = graph_node(g, v);
    u->prev = NULL;
    u->next = n->uses;
    if (n->uses)
        n->uses->prev = u;
    n->uses = u;
    n->use_count++;
}

static void use_end(struct graph *g, value_id v, struct use *u)
{
    struct node *n = graph_node(g, v);
    if (u->prev)
        u->prev->next = u->next;
    else
        n->uses = u->next;
    if (u->next)
        u->next->prev = u->prev;
    u->next = u->prev = NULL;
    n->use_count--;
}

static void use_operands(struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    for (uint32_t i = 0; i < n->input_count; i++) {
        n->reads[i] = (struct use){.user = v.i, .operand = i};
        use_begin(g, n->inputs[i], &n->reads[i]);
    }
}

static void leave_operands(struct graph *g, const struct node *n)
{
    for (uint32_t i = 0; i < n->input_count; i++)
        use_end(g, n->inputs[i], &n->reads[i]);
}

void graph_set_input(struct graph *g, value_id node, uint32_t i, value_id v)
{
    const struct node *n = graph_node(g, node);
    use_end(g, n->inputs[i], &n->reads[i]);
    ((value_id *)n->inputs)[i] = v; /* the one place that writes what is const to all others */
    use_begin(g, v, &n->reads[i]);
}

void graph_set_output(struct graph *g, uint32_t output, value_id v)
{
    struct named_value *o = &g->outputs.at[output];
    use_end(g, o->value, o->use);
    o->value = v;
    use_begin(g, v, o->use);
}

void graph_replace_uses(struct graph *g, value_id from, value_id to, value_id except)
{
    for (struct use *u = graph_node(g, from)->uses, *next; u; u = next) {
        next = u->next;
        if (u->user == USE_OUTPUT)
            graph_set_output(g, u->operand, to);
        else if (u->user != except.i)
            graph_set_input(g, (value_id){u->user}, u->operand, to);
    }
}

void graph_kill(struct graph *g, value_id v)
{
    struct node *n = graph_node(g, v);
    if (n->dead)
        return;
    n->dead = true;
    leave_operands(g, n);
}

/* ---- building ---- */

/* Room for a node. In debug builds the nodes of a short array move each time, so that a pointer
 * kept across an append reads garbage in every test, not only where the array happens to be full. */
static struct node *new_node(struct graph *g)
{
#ifndef NDEBUG
    enum { SHORT = 256 };
    if (g->nodes.len < SHORT && g->nodes.len > 0) {
        size_t bytes = g->nodes.len * sizeof(struct node);
        struct node *moved = arena_array(g->program->arena, struct node, g->nodes.len + 1);
        memcpy(moved, g->nodes.at, bytes);
        memset(g->nodes.at, 0xA5, bytes);
        g->nodes.at = moved;
        g->nodes.cap = g->nodes.len + 1;
    }
#endif
    return vec_add(g->program->arena, &g->nodes);
}

/* Remembers the first live leaf of a state. */
static void note_leaf(struct graph *g, value_id v)
{
    uint32_t state = graph_node(g, v)->attrs->state;
    while (g->leaves.len <= state)
        vec_push(g->program->arena, &g->leaves, VALUE_NONE);
    if (!value_valid(g->leaves.at[state]) || graph_node(g, g->leaves.at[state])->dead)
        g->leaves.at[state] = v;
}

/* What graph_append and graph_set_node copy: everything but the uses of the value. */
static void fill_node(struct graph *g, value_id v, const struct node *n)
{
    struct arena *arena = g->program->arena;
    value_id *inputs = arena_array(arena, value_id, n->input_count);
    struct step *steps = arena_array(arena, struct step, n->step_count);
    for (uint32_t i = 0; i < n->input_count; i++)
        inputs[i] = n->inputs[i];
    for (uint32_t i = 0; i < n->step_count; i++) {
        steps[i] = n->steps[i];
        steps[i].attrs = program_attrs(g->program, steps[i].op, steps[i].attrs);
    }
    struct node *to = graph_node(g, v);
    struct use *uses = to->uses;
    uint32_t use_count = to->use_count;
    *to = *n;
    to->inputs = inputs;
    to->steps = steps;
    to->attrs = program_attrs(g->program, n->op, n->attrs);
    to->reads = arena_array(arena, struct use, n->input_count);
    to->uses = uses;
    to->use_count = use_count;
    to->dead = false;
    use_operands(g, v);
    if (n->op == OP_state)
        note_leaf(g, v);
}

value_id graph_append(struct graph *g, const struct node *n)
{
    struct node copy = *n; /* it may lie in the array that grows */
    new_node(g);
    value_id v = {g->nodes.len - 1};
    fill_node(g, v, &copy);
    return v;
}

void graph_set_node(struct graph *g, value_id v, const struct node *n)
{
    struct node copy = *n;
    if (!graph_node(g, v)->dead)
        leave_operands(g, graph_node(g, v));
    fill_node(g, v, &copy);
}

void graph_set_attrs(struct graph *g, value_id v, const struct attrs *a)
{
    struct node *n = graph_node(g, v);
    n->attrs = program_attrs(g->program, n->op, a);
}

value_id graph_add(struct graph *g, enum op op, const value_id *inputs, uint32_t input_count,
                   const struct attrs *attrs, struct span span, const char *name)
{
    for (uint32_t i = 0; i < input_count; i++) {
        if (!value_valid(inputs[i]))
            return VALUE_NONE;
        FTM_BUG_ON(inputs[i].i >= g->nodes.len, "operand %u of %s does not exist", i,
                   op_info(op)->name);
    }
    struct node n = {.op = op,
                     .input_count = input_count,
                     .inputs = inputs,
                     .attrs = program_attrs(g->program, op, attrs),
                     .span = span,
                     .name = name};
    return graph_infer(g, &n) ? graph_append(g, &n) : VALUE_NONE;
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

value_id graph_find_state(const struct graph *g, uint32_t state)
{
    value_id leaf = state < g->leaves.len ? g->leaves.at[state] : VALUE_NONE;
    return value_valid(leaf) && !graph_node(g, leaf)->dead ? leaf : VALUE_NONE;
}

value_id graph_state(struct graph *g, uint32_t state)
{
    value_id leaf = graph_find_state(g, state);
    if (value_valid(leaf))
        return leaf;
    FTM_BUG_ON(state >= g->program->states.len, "state %u does not exist", state);
    const struct state *s = &g->program->states.at[state];
    const struct attrs a = {.state = state};
    return graph_append(
        g, &(struct node){
               .op = OP_state, .attrs = &a, .type = s->type, .form = s->form, .span = s->span});
}

value_id graph_constant(struct graph *g, double value, struct type type)
{
    const struct attrs a = {.value = value, .shape = type.shape};
    return graph_append(
        g, &(struct node){.op = OP_constant, .attrs = &a, .type = type, .form = form_plain(&type)});
}

value_id graph_find_input(const struct graph *g, const char *name)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (!n->dead && n->op == OP_input && strcmp(n->attrs->label, name) == 0)
            return (value_id){i};
    }
    return VALUE_NONE;
}

void graph_output(struct graph *g, const char *name, value_id v)
{
    struct named_value output = {.name = arena_strdup(g->program->arena, name),
                                 .value = v,
                                 .use = arena_new(g->program->arena, struct use)};
    *output.use = (struct use){.user = USE_OUTPUT, .operand = g->outputs.len};
    vec_push(g->program->arena, &g->outputs, output);
    use_begin(g, v, output.use);
}

value_id graph_find_output(const struct graph *g, const char *name)
{
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (strcmp(g->outputs.at[i].name, name) == 0)
            return g->outputs.at[i].value;
    return VALUE_NONE;
}
