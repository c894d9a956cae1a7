/* One function per invariant, run over every live node, function and state; the first violation is
 * kept.
 *
 * Types are checked by inferring them again on copies of the program's frame, whose reports go to a
 * scratch list: the program itself is not touched. */
#include "verify.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"
#include "op.h"
#include "optimizer.h"
#include "query.h"
#include "text.h"

struct check {
    const struct program *program;
    const struct graph *graph; /* of the node below */
    struct program scratch_program;
    struct graph scratch_graph;
    struct diag diag;
    struct arena arena; /* of one verification */
    value_id node;      /* VALUE_NONE: the violation is not of a node */
    bool *constant;     /* by value id, of the nodes checked so far: known at compile time */
    char *text;
    unsigned size;
};

/* Writes "train: %5 = ...: rule" and returns false, so that an invariant can end with it. */
__attribute__((format(printf, 2, 3))) static bool violated(struct check *c, const char *format, ...)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return false;
    if (c->graph)
        fprintf(out, "%s: ", c->graph->name);
    if (c->graph && value_valid(c->node)) {
        node_print(c->graph, c->node, out);
        fputs(": ", out);
    }
    va_list args;
    va_start(args, format);
    vfprintf(out, format, args);
    va_end(args);
    fclose(out);
    snprintf(c->text, c->size, "%s", text);
    free(text);
    return false;
}

/* ---- shapes and forms ---- */

static bool shape_valid(const struct shape *s)
{
    if (s->rank > SHAPE_MAX_RANK)
        return false;
    for (uint32_t i = 0; i < s->rank; i++)
        if (s->dim[i] < 1 && !(i == 0 && s->dim[i] == DIM_BATCH))
            return false;
    return true;
}

/* ---- the program and its states ---- */

static bool check_groups(struct check *c)
{
    const struct optimizer *o = &c->program->optimizer;
    for (uint32_t i = 0; i < o->groups.len; i++) {
        const struct optimizer_group *group = &o->groups.at[i];
        if (optimizer_group(o, group->name) != group)
            return violated(c, "two groups are called %s", group->name);
        if (!(group->lr >= 0 && isfinite(group->lr) && group->weight_decay >= 0 &&
              isfinite(group->weight_decay)))
            return violated(c, "group %s: factors are numbers from 0 on", group->name);
    }
    return true;
}

static bool check_program(struct check *c)
{
    const struct program *p = c->program;
    if (p->max_batch < 1)
        return violated(c, "the batch is at least 1");
    if (p->shards < 1 || p->shards > FTMRT_MAX_SHARDS)
        return violated(c, "there is at least one shard");
    for (uint32_t i = 0; i < p->functions.len; i++)
        if (program_find_function(p, p->functions.at[i]->name) != p->functions.at[i])
            return violated(c, "two functions are called %s", p->functions.at[i]->name);
    return check_groups(c);
}

static bool check_state(struct check *c, const struct state *s)
{
    if (!shape_valid(&s->type.shape) || shape_batched(&s->type.shape))
        return violated(c, "state %s: a shape of positive sizes", s->name);
    if (shape_elements(&s->file_shape, 1) != shape_elements(&s->type.shape, 1))
        return violated(c, "state %s: its shape in files has as many elements", s->name);
    if (!form_fits(s->form, &s->type))
        return violated(c, "state %s: the layout fits the type", s->name);
    if (s->form.stored != s->type.dtype)
        return violated(c, "state %s: it is stored as its type", s->name);
    if (s->trainable && !s->mutable)
        return violated(c, "state %s: what is trained is mutable", s->name);
    if (s->group && !optimizer_group(&c->program->optimizer, s->group))
        return violated(c, "state %s: its group is one of the optimizer's", s->name);
    return true;
}

static bool check_states(struct check *c)
{
    struct map names;
    map_init(&names, &c->arena);
    for (uint32_t i = 0; i < c->program->states.len; i++) {
        const struct state *s = &c->program->states.at[i];
        if (map_has(&names, s->name))
            return violated(c, "two states are called %s", s->name);
        map_set(&names, s->name, NULL);
        if (!check_state(c, s))
            return false;
    }
    return true;
}

/* ---- nodes ---- */

/* Whether a value is several results that are no value together; the rows of [R,C] are one. */
static bool is_packed(const struct node *n)
{
    return op_parts(n->op) && shape_batched(&n->type.shape);
}

static bool check_operands_exist(struct check *c, const struct node *n)
{
    for (uint32_t i = 0; i < n->input_count; i++) {
        value_id v = n->inputs[i];
        if (v.i >= c->graph->nodes.len || c->graph->nodes.at[v.i].dead)
            return violated(c, "operand %u exists", i + 1);
        if (v.i >= c->node.i)
            return violated(c, "operand %u comes before its user", i + 1);
        if (op_info(c->graph->nodes.at[v.i].op)->cls == OP_CLASS_EFFECT)
            return violated(c, "nothing reads the result of an effect");
        if (n->op != OP_part && is_packed(&c->graph->nodes.at[v.i]))
            return violated(c, "several results are read one by one");
    }
    return true;
}

static bool check_operand_counts(struct check *c, const struct node *n)
{
    uint32_t extra = 0;
    for (uint32_t i = 0; i < n->step_count; i++)
        extra += n->steps[i].extra;
    uint32_t own = n->input_count - extra;
    if (extra > n->input_count || !op_takes(n->op, own))
        return violated(c, "%s takes %u operands", op_info(n->op)->name, op_least_operands(n->op));
    return true;
}

static bool check_steps(struct check *c, const struct node *n)
{
    if (n->step_count > 0 && !op_takes_steps(n->op))
        return violated(c, "no steps stand behind %s", op_info(n->op)->name);
    for (uint32_t i = 0; i < n->step_count; i++) {
        const struct op_info *step = op_info(n->steps[i].op);
        if (step->cls != OP_CLASS_ELEMWISE)
            return violated(c, "steps are element-wise");
        if (!op_takes(n->steps[i].op, n->steps[i].extra + 1))
            return violated(c, "step %s takes %u further operands", step->name,
                            op_least_operands(n->steps[i].op) - 1);
    }
    return true;
}

/* Attributes that rules take for granted. */
static bool check_attrs(struct check *c, const struct node *n)
{
    uint64_t attrs = op_info(n->op)->attrs;
    if (n->op == OP_state && n->attrs->state >= c->program->states.len)
        return violated(c, "the state exists");
    if (n->op == OP_input && !n->attrs->label)
        return violated(c, "an input has a name");
    if ((attrs >> ATTR_INDEX_shape & 1U) && !shape_valid(&n->attrs->shape))
        return violated(c, "a shape has positive sizes");
    return true;
}

static bool check_type(struct check *c, const struct node *n)
{
    struct node copy = *n;
    if (!shape_valid(&n->type.shape))
        return violated(c, "the result's shape has positive sizes");
    if (!graph_infer(&c->scratch_graph, &copy))
        return violated(c, "%s", c->diag.items.at[c->diag.items.len - 1].text);
    if (!type_equal(&copy.type, &n->type)) {
        char text[128];
        return violated(c, "the inferred shape is %s",
                        shape_text(&copy.type.shape, text, sizeof text));
    }
    return true;
}

/* graph_value_constant() for nodes in order: one look at each operand, however often values are
 * shared. */
static bool is_constant(const struct check *c, const struct node *n)
{
    if (n->op == OP_state)
        return state_constant(&c->program->states.at[n->attrs->state]);
    bool constant = node_derivable(c->graph, n), states = false;
    for (uint32_t i = 0; i < n->input_count; i++) {
        bool number = graph_node(c->graph, n->inputs[i])->op == OP_constant;
        constant = constant && (number || c->constant[n->inputs[i].i]);
        states |= !number;
    }
    return constant && states;
}

/* A stored type of its own can be written and read; but no kernel computes with one, and the interpreter rounds to none. */
static bool check_form(struct check *c, const struct node *n)
{
    c->constant[c->node.i] = is_constant(c, n);
    if (!form_fits(n->form, &n->type))
        return violated(c, "the layout fits the type");
    if (n->form.stored != n->type.dtype)
        return violated(c, "a value is stored as its type");
    if (n->op == OP_relayout && n->form.layout != n->attrs->to)
        return violated(c, "a relayout has the layout that it makes");
    if (c->constant[c->node.i]) /* laid out when it is stored */
        return true;
    if (n->op == OP_state && !form_equal(n->form, c->program->states.at[n->attrs->state].form))
        return violated(c, "a mutable state is read in its layout");
    if (op_info(n->op)->cls == OP_CLASS_VIEW &&
        !form_equal(n->form, graph_node(c->graph, n->inputs[0])->form))
        return violated(c, "a view has the layout of what it views");
    return true;
}

static bool check_node(struct check *c, const struct node *n)
{
    return check_operands_exist(c, n) && check_operand_counts(c, n) && check_steps(c, n) &&
           check_attrs(c, n) && check_type(c, n) && check_form(c, n);
}

/* ---- functions ---- */

static bool check_names(struct check *c)
{
    struct map inputs, outputs;
    map_init(&inputs, &c->arena);
    map_init(&outputs, &c->arena);
    for (uint32_t i = 0; i < c->graph->nodes.len; i++) {
        const struct node *n = &c->graph->nodes.at[i];
        if (n->dead || n->op != OP_input)
            continue;
        c->node = (value_id){i};
        if (!role_fits(graph_input_role(n), true))
            return violated(c, "an input has a role of inputs");
        if (map_has(&inputs, n->attrs->label))
            return violated(c, "the names of inputs differ");
        map_set(&inputs, n->attrs->label, NULL);
    }
    c->node = VALUE_NONE;
    for (uint32_t i = 0; i < c->graph->outputs.len; i++) {
        const struct named_value *o = &c->graph->outputs.at[i];
        if (map_has(&outputs, o->name))
            return violated(c, "the names of outputs differ: %s", o->name);
        map_set(&outputs, o->name, NULL);
    }
    return true;
}

static bool check_outputs(struct check *c)
{
    for (uint32_t i = 0; i < c->graph->outputs.len; i++) {
        const struct named_value *o = &c->graph->outputs.at[i];
        if (o->value.i >= c->graph->nodes.len || c->graph->nodes.at[o->value.i].dead)
            return violated(c, "output %s has a value", o->name);
        if (op_info(c->graph->nodes.at[o->value.i].op)->cls == OP_CLASS_EFFECT)
            return violated(c, "output %s is not an effect", o->name);
        if (is_packed(&c->graph->nodes.at[o->value.i]))
            return violated(c, "output %s is one result", o->name);
    }
    return true;
}

/* What a function's place in the interface says. */
static bool check_interface(struct check *c)
{
    const struct graph *g = c->graph;
    if (g->phase >= GRAPH_MAX_PHASES)
        return violated(c, "there are %d phases at most", GRAPH_MAX_PHASES);
    if (g->max_n < 0 || g->max_n > c->program->max_batch)
        return violated(c, "the batch of a function is at most the program's");
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (!role_fits(graph_output_role(&g->outputs.at[i]), false))
            return violated(c, "output %s has a role of outputs", g->outputs.at[i].name);
    return true;
}

static bool check_state_leaves(struct check *c)
{
    unsigned char *seen = arena_array(&c->arena, unsigned char, c->program->states.len);
    for (uint32_t i = 0; i < c->graph->nodes.len; i++) {
        const struct node *n = &c->graph->nodes.at[i];
        if (n->dead || n->op != OP_state)
            continue;
        c->node = (value_id){i};
        if (seen[n->attrs->state]++)
            return violated(c, "a state has one leaf in a function");
    }
    return true;
}

/* What an effect writes: leaves of mutable states, each written once. writer: by state, node index
 * + 1. */
static bool check_effect(struct check *c, const struct node *n, uint32_t *writer)
{
    if (c->graph->kind != FTMRT_ENTRY_TRAIN)
        return violated(c, "only a training function writes states");
    for (uint32_t i = 0; i < n->input_count; i++) {
        if (!op_writes(n->op, i))
            continue;
        const struct node *leaf = graph_node(c->graph, n->inputs[i]);
        if (leaf->op != OP_state)
            return violated(c, "operand %u is a state", i + 1);
        if (!c->program->states.at[leaf->attrs->state].mutable)
            return violated(c, "a state that is written is mutable");
        if (writer[leaf->attrs->state])
            return violated(c, "a state is written once");
        writer[leaf->attrs->state] = c->node.i + 1;
    }
    return true;
}

/* The value whose memory a value shares through views: usually itself. */
static value_id viewed(const struct graph *g, value_id v)
{
    while (op_info(graph_node(g, v)->op)->cls == OP_CLASS_VIEW)
        v = graph_node(g, v)->inputs[0];
    return v;
}

static bool check_read_before_write(struct check *c, const uint32_t *writer)
{
    for (uint32_t i = 0; i < c->graph->nodes.len; i++) {
        const struct node *n = &c->graph->nodes.at[i];
        c->node = (value_id){i};
        for (uint32_t k = 0; !n->dead && k < n->input_count; k++) {
            const struct node *leaf = graph_node(c->graph, viewed(c->graph, n->inputs[k]));
            if (leaf->op == OP_state && writer[leaf->attrs->state] &&
                i + 1 > writer[leaf->attrs->state])
                return violated(c, "states are read before they are written");
        }
    }
    c->node = VALUE_NONE;
    for (uint32_t i = 0; i < c->graph->outputs.len; i++) {
        const struct node *leaf =
            graph_node(c->graph, viewed(c->graph, c->graph->outputs.at[i].value));
        if (leaf->op == OP_state && writer[leaf->attrs->state])
            return violated(c, "output %s is not a state that is written",
                            c->graph->outputs.at[i].name);
    }
    return true;
}

static bool check_effects(struct check *c)
{
    uint32_t *writer = arena_array(&c->arena, uint32_t, c->program->states.len);
    for (uint32_t i = 0; i < c->graph->nodes.len; i++) {
        const struct node *n = &c->graph->nodes.at[i];
        c->node = (value_id){i};
        if (!n->dead && op_info(n->op)->cls == OP_CLASS_EFFECT && !check_effect(c, n, writer))
            return false;
    }
    return check_read_before_write(c, writer);
}

/* Whether each entry in the list of uses of a value is the operand or the output it says it is;
 * counts the entries. */
static bool uses_of(const struct graph *g, value_id v, uint32_t *count)
{
    uint32_t length = 0;
    for_uses(g, v, u)
    {
        bool output = u->user == USE_OUTPUT;
        if (output ? u->operand >= g->outputs.len || g->outputs.at[u->operand].use != u ||
                         !value_same(g->outputs.at[u->operand].value, v)
                   : u->user >= g->nodes.len || g->nodes.at[u->user].dead ||
                         u->operand >= g->nodes.at[u->user].input_count ||
                         &g->nodes.at[u->user].reads[u->operand] != u ||
                         !value_same(g->nodes.at[u->user].inputs[u->operand], v))
            return false;
        if (++length > graph_use_count(g, v))
            return false;
    }
    *count += length;
    return length == graph_use_count(g, v);
}

/* No entry is wrong, and there are as many as operands and outputs: none is missing. */
static bool check_uses(struct check *c)
{
    uint32_t operands = c->graph->outputs.len, uses = 0;
    for (uint32_t i = 0; i < c->graph->nodes.len; i++) {
        c->node = (value_id){i};
        if (c->graph->nodes.at[i].dead)
            continue;
        operands += c->graph->nodes.at[i].input_count;
        if (!uses_of(c->graph, c->node, &uses))
            return violated(c, "a value knows its uses");
    }
    c->node = VALUE_NONE;
    return uses == operands || violated(c, "every use is in a list");
}

static bool check_function(struct check *c, const struct graph *g)
{
    c->graph = g;
    c->scratch_graph = *g;
    c->scratch_graph.program = &c->scratch_program;
    c->constant = arena_array(&c->arena, bool, g->nodes.len);
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        c->node = (value_id){i};
        if (!g->nodes.at[i].dead && !check_node(c, &g->nodes.at[i]))
            return false;
    }
    c->node = VALUE_NONE;
    return check_outputs(c) && check_names(c) && check_interface(c) && check_state_leaves(c) &&
           check_effects(c) && check_uses(c);
}

bool program_verify(const struct program *p, char *text, unsigned size)
{
    struct check c = {
        .program = p, .scratch_program = *p, .node = VALUE_NONE, .text = text, .size = size};
    arena_init(&c.arena, "verify");
    diag_init(&c.diag, &c.arena);
    c.scratch_program.diag = &c.diag;
    bool ok = check_program(&c) && check_states(&c);
    for (uint32_t i = 0; ok && i < p->functions.len; i++)
        ok = check_function(&c, p->functions.at[i]);
    arena_clear(&c.arena);
    return ok;
}
