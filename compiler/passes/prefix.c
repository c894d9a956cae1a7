/* prefix: what never changes in a phase of the training becomes an entry of its own.
 *
 * Expects    dce: nodes in execution order, gradients and updates made. Does nothing unless the
 *            program asks for the cut; PREFIX_SMALL leaves a phase whole where its features would not
 *            be worth their memory
 * Changes    for each training function: the values that follow from inputs, from constants and
 *            from states that nothing of its phase and scope writes, sample by sample, go into a
 *            function of kind PREFIX. Those that the rest reads, any number of them, are its
 *            outputs and inputs of role FEATURE of the others: of the training function, and of the
 *            phase's evaluation and prediction where they take the same inputs
 * Guarantees a function runs on the features as it ran on the inputs, to the bit. What is trained in
 *            another phase is frozen here, yet no constant
 *
 * A value over the whole batch (statistics) is no feature: features of a sample do not depend on the
 * others, so that they can be kept. */
#include <string.h>

#include "map.h"
#include "op.h"
#include "rewrite.h"

struct cut {
    struct pass_context *c;
    const struct graph *train;
    bool *written;        /* by state: something of the phase and scope writes it */
    struct graph *prefix; /* NULL until there is a feature */
    struct map nodes;     /* of the prefix: value id + 1 by what it computes */
    struct map features;  /* "": the name of a prefix's value as an output, by its number */
};

/* What is known of the values of a function. */
struct part {
    struct graph *g;
    uint32_t count;
    bool *fixed;     /* the same in every step of the phase */
    bool *sample;    /* and a function of the sample: it lies above an input */
    bool *needed;    /* a feature, or below one */
    value_id *image; /* in the prefix */
};

/* ---- what is fixed ---- */

static bool same_place(const struct graph *a, const struct graph *b)
{
    return a->phase == b->phase && strcmp(a->scope, b->scope) == 0;
}

static void note_written(struct cut *cut, const struct graph *g)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (n->dead || op_info(n->op)->cls != OP_CLASS_EFFECT)
            continue;
        for (uint32_t j = 0; j < n->input_count; j++)
            if (op_writes(n->op, j))
                cut->written[graph_node(g, n->inputs[j])->attrs->state] = true;
    }
}

static void classify(const struct cut *cut, struct part *p, uint32_t i)
{
    const struct node *n = &p->g->nodes.at[i];
    if (n->dead)
        return;
    if (n->op == OP_input) {
        p->fixed[i] = p->sample[i] =
            graph_input_role(n) == FTMRT_ROLE_INPUT && shape_batched(&n->type.shape);
        return;
    }
    p->fixed[i] = n->op == OP_state ? !cut->written[n->attrs->state] : op_pure(n->op);
    for (uint32_t j = 0; j < n->input_count; j++) {
        p->fixed[i] &= p->fixed[n->inputs[j].i];
        p->sample[i] |= p->sample[n->inputs[j].i];
    }
    if (p->sample[i] && !shape_batched(&n->type.shape))
        p->fixed[i] = false;
}

static struct part part_of(const struct cut *cut, struct graph *g)
{
    struct arena *scratch = cut->c->scratch;
    struct part p = {.g = g, .count = g->nodes.len};
    p.fixed = arena_array(scratch, bool, p.count);
    p.sample = arena_array(scratch, bool, p.count);
    p.needed = arena_array(scratch, bool, p.count);
    p.image = arena_array(scratch, value_id, p.count);
    for (uint32_t i = 0; i < p.count; i++)
        classify(cut, &p, i);
    return p;
}

/* A computed value of the fixed part that something outside of it reads. */
static bool is_feature(const struct part *p, uint32_t i)
{
    if (!p->fixed[i] || !p->sample[i] || p->g->nodes.at[i].op == OP_input)
        return false;
    for_uses(p->g, (value_id){i}, u) if (u->user == USE_OUTPUT || !p->fixed[u->user]) return true;
    return false;
}

/* ---- the prefix ---- */

static const char *prefix_name(struct cut *cut)
{
    const struct graph *t = cut->train;
    const char *phase = t->phase ? arena_printf(cut->c->scratch, ".%u", t->phase) : "";
    return arena_printf(cut->c->scratch, "%s%sprefix%s", t->scope, *t->scope ? "." : "", phase);
}

static struct graph *prefix_of(struct cut *cut)
{
    if (cut->prefix)
        return cut->prefix;
    cut->prefix = program_add_function(cut->c->program, prefix_name(cut), FTMRT_ENTRY_PREFIX);
    cut->prefix->phase = cut->train->phase;
    cut->prefix->scope = cut->train->scope;
    return cut->prefix;
}

/* A node in the prefix: the one that computes the same, if another function brought it. */
static value_id copy_node(struct cut *cut, const struct part *p, const struct node *n)
{
    struct graph *prefix = prefix_of(cut);
    struct node copy = *n;
    value_id *inputs = arena_array(cut->c->scratch, value_id, n->input_count);
    char *key = arena_printf(cut->c->scratch, "%d %p", (int)n->op, (const void *)n->attrs);
    for (uint32_t i = 0; i < n->input_count; i++) {
        inputs[i] = p->image[n->inputs[i].i];
        key = arena_printf(cut->c->scratch, "%s %u", key, inputs[i].i);
    }
    uintptr_t known = (uintptr_t)map_get(&cut->nodes, key);
    if (known)
        return (value_id){(uint32_t)known - 1};
    copy.inputs = inputs;
    value_id v =
        n->op == OP_state ? graph_state(prefix, n->attrs->state) : graph_append(prefix, &copy);
    map_set(&cut->nodes, key, (void *)(uintptr_t)(v.i + 1));
    return v;
}

/* The name of a feature, which is an output of the prefix from now on. */
static const char *feature_name(struct cut *cut, value_id v)
{
    char *key = arena_printf(cut->c->scratch, "%u", v.i);
    const char *name = map_get(&cut->features, key);
    if (name)
        return name;
    name = arena_printf(cut->c->program->arena, "%s.%u", cut->prefix->name, cut->features.len);
    map_set(&cut->features, key, (void *)(uintptr_t)name);
    graph_output_as(cut->prefix, name, v, FTMRT_ROLE_FEATURE);
    return name;
}

/* ---- cutting a function ---- */

static void copy_needed(struct cut *cut, struct part *p)
{
    for (uint32_t i = p->count; i-- > 0;) {
        p->needed[i] |= is_feature(p, i);
        const struct node *n = &p->g->nodes.at[i];
        for (uint32_t j = 0; p->needed[i] && j < n->input_count; j++)
            p->needed[n->inputs[j].i] = true;
    }
    for (uint32_t i = 0; i < p->count; i++)
        if (p->needed[i])
            p->image[i] = copy_node(cut, p, &p->g->nodes.at[i]);
}

/* What nothing reads any more, inputs included. */
static void remove_cut(const struct part *p)
{
    for (uint32_t i = p->count; i-- > 0;)
        if (p->needed[i] && !p->g->nodes.at[i].dead && graph_use_count(p->g, (value_id){i}) == 0)
            graph_kill(p->g, (value_id){i});
}

static void cut_function(struct cut *cut, struct graph *g)
{
    struct part p = part_of(cut, g);
    copy_needed(cut, &p);
    for (uint32_t i = 0; i < p.count; i++) {
        if (!is_feature(&p, i))
            continue;
        const char *name = feature_name(cut, p.image[i]);
        value_id input = graph_input_as(g, name, g->nodes.at[i].type, FTMRT_ROLE_FEATURE);
        graph_replace_uses(g, (value_id){i}, input, VALUE_NONE);
    }
    remove_cut(&p);
}

/* Whether a function takes inputs as the training function does: others would need features of
 * their own. */
static bool takes_the_same(const struct graph *g, const struct graph *train)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (n->dead || n->op != OP_input || graph_input_role(n) != FTMRT_ROLE_INPUT)
            continue;
        value_id other = graph_find_input(train, n->attrs->label);
        if (!value_valid(other) || !type_equal(&graph_node(train, other)->type, &n->type))
            return false;
    }
    return true;
}

/* ---- whether to cut ---- */

static int64_t bytes_of(const struct node *n)
{
    return shape_elements(&n->type.shape, 1) * (int64_t)ftmrt_dtype_size(n->type.dtype);
}

/* Whether the features of a sample save work (those of a reshaped image do not), and are no larger than what they are computed of. */
static bool worth_keeping(const struct cut *cut, struct graph *train)
{
    const struct part p = part_of(cut, train);
    int64_t inputs = 0, features = 0;
    bool work = false;
    for (uint32_t i = p.count; i-- > 0;) {
        const struct node *n = &train->nodes.at[i];
        const bool feature = is_feature(&p, i);
        p.needed[i] |= feature;
        if (!p.needed[i])
            continue;
        features += feature ? bytes_of(n) : 0;
        inputs += n->op == OP_input ? bytes_of(n) : 0;
        work |= op_info(n->op)->cls == OP_CLASS_ANCHOR;
        for (uint32_t j = 0; j < n->input_count; j++)
            p.needed[n->inputs[j].i] = true;
    }
    return work && features <= inputs;
}

static bool cut_phase(struct pass_context *c, struct graph *train, uint32_t functions)
{
    struct cut cut = {.c = c, .train = train};
    cut.written = arena_array(c->scratch, bool, c->program->states.len);
    map_init(&cut.nodes, c->scratch);
    map_init(&cut.features, c->scratch);
    VEC(struct graph *) parts = {0};
    for (uint32_t i = 0; i < functions; i++) {
        struct graph *g = c->program->functions.at[i];
        if (!same_place(g, train) || g->kind == FTMRT_ENTRY_PREFIX || g->kind == FTMRT_ENTRY_WHY)
            continue;
        if (g->kind == FTMRT_ENTRY_TRAIN)
            note_written(&cut, g);
        if (takes_the_same(g, train))
            vec_push(c->scratch, &parts, g);
    }
    if (c->program->cut_prefix == PREFIX_SMALL && !worth_keeping(&cut, train))
        return false;
    for (uint32_t i = 0; i < parts.len; i++)
        cut_function(&cut, parts.at[i]);
    return cut.prefix != NULL;
}

bool pass_prefix(struct pass_context *c)
{
    bool changed = false;
    uint32_t functions = c->program->functions.len;
    for (uint32_t i = 0; c->program->cut_prefix && i < functions; i++) {
        struct graph *g = c->program->functions.at[i];
        if (g->kind == FTMRT_ENTRY_TRAIN)
            changed |= cut_phase(c, g, functions);
    }
    rewrite_done(c, changed);
    return true;
}
