/* backward: gradients at compile time, and the optimizer's updates.
 *
 * Expects    training functions with a scalar output "loss" and, where anything is trainable, an
 *            input for each scalar of the optimizer (optimizer.h); no operation without a gradient
 *            on the way to a trainable parameter
 * Changes    reverse accumulation over the nodes: each gradient rule (ops/NAME.c) builds ordinary
 *            nodes; several uses of a value add up. Then one update per parameter that has a
 *            gradient, in the order of the states, with slots "<parameter>/<slot>" and the inputs of
 *            the optimizer's scalars. Those of a parameter in a group are inputs
 *            "<scalar>.<group>" where there are such, else the group's factors times those of all
 *            In an explanation: reverse accumulation from the logits, whose gradient is the label, down to the map, which
 *            gives way to a number for each of its places (activation_map.h)
 *            Before, gradients are clipped, if the optimizer says so: by the norm of all of the function together, or
 *            each element
 * Guarantees no gradient of a frozen parameter and none below the lowest trainable one is built:
 *            only values above a trainable state take part. Effects read all gradients before any
 *            state is written
 *
 * Source: reverse mode as in Griewank and Walther, "Evaluating Derivatives", chapter 3. */
#include <string.h>

#include "activation_map.h"
#include "clip.h"
#include "op.h"
#include "optimizer.h"
#include "query.h"
#include "rewrite.h"

struct backward {
    struct graph *g;
    uint32_t count;   /* nodes of the forward part */
    bool *needed;     /* by forward value: it lies above a trainable state */
    value_id *grad;   /* by forward value: its gradient so far, or VALUE_NONE */
    value_id **parts; /* by forward value with several results that has a gradient: that of each */
    struct arena *scratch;
    bool failed; /* an operation on the way has no gradient; reported */
};

static bool wanted(const struct backward *b, value_id v)
{
    return v.i < b->count && b->needed[v.i];
}

static void add_to(struct graph *g, value_id *sum, value_id dx)
{
    *sum = value_valid(*sum) ? graph_op(g, OP_add, NULL, *sum, dx) : dx;
}

static void accumulate(struct backward *b, value_id v, value_id dx)
{
    add_to(b->g, &b->grad[v.i], dx);
}

static void accumulate_part(struct backward *b, value_id packed, uint32_t part, value_id dx)
{
    value_id **grads = &b->parts[packed.i];
    if (!*grads) {
        uint32_t count = node_parts(b->g, graph_node(b->g, packed));
        *grads = arena_array(b->scratch, value_id, count);
        for (uint32_t i = 0; i < count; i++)
            (*grads)[i] = VALUE_NONE;
    }
    add_to(b->g, &(*grads)[part], dx);
}

static value_id part_gradient(const struct backward *b, value_id packed, uint32_t part)
{
    return b->parts[packed.i] ? b->parts[packed.i][part] : VALUE_NONE;
}

/* Which values lie above a state that the function's phase trains, or above the map of an explanation. */
static void find_needed(struct backward *b, value_id map)
{
    for (uint32_t i = 0; i < b->count; i++) {
        const struct node *n = &b->g->nodes.at[i];
        if (n->dead || op_info(n->op)->cls == OP_CLASS_EFFECT)
            continue;
        if (value_valid(map))
            b->needed[i] = i == map.i;
        else if (n->op == OP_state)
            b->needed[i] = state_trained(rewrite_state(b->g, (value_id){i}), b->g->phase);
        for (uint32_t j = 0; j < n->input_count; j++)
            b->needed[i] |= b->needed[n->inputs[j].i];
    }
}

/* The nodes made for a forward node carry its name. */
static void name_new_nodes(struct graph *g, uint32_t from, const struct node *like)
{
    for (uint32_t i = from; i < g->nodes.len; i++) {
        g->nodes.at[i].name = like->name;
        g->nodes.at[i].span = like->span;
    }
}

static void propagate(struct backward *b, value_id v)
{
    struct node n = *graph_node(b->g, v);
    bool reached = value_valid(b->grad[v.i]) || b->parts[v.i];
    if (!b->needed[v.i] || !reached || n.op == OP_state)
        return;
    const struct op_info *info = op_info(n.op);
    if (!info->grad) {
        diag_report(b->g->program->diag, n.span, DIAG_NO_GRADIENT, info->name, b->g->name);
        b->failed = true;
        return;
    }
    uint32_t before = b->g->nodes.len;
    struct grad rule = {.graph = b->g,
                        .node = v,
                        .dy = b->grad[v.i],
                        .state = b,
                        .wanted = wanted,
                        .add = accumulate,
                        .add_part = accumulate_part,
                        .part = part_gradient};
    info->grad(&rule);
    name_new_nodes(b->g, before, &n);
}

/* ---- updates ---- */

static bool scalar_input(struct graph *g, const char *name, value_id *out)
{
    *out = graph_find_input(g, name);
    if (value_valid(*out) && graph_shape(g, *out)->rank == 0)
        return true;
    diag_report(g->program->diag, SPAN_NONE, DIAG_TRAIN_INPUT, g->name, name);
    return false;
}

/* The slot "<parameter>/<name>". */
static uint32_t slot_state(struct program *p, uint32_t parameter, const char *slot_name)
{
    struct state param = p->states.at[parameter];
    const char *name = arena_printf(p->arena, "%s/%s", param.name, slot_name);
    uint32_t found = program_find_state(p, name);
    if (found != UINT32_MAX)
        return found;
    struct state slot = {.name = name,
                         .kind = FTMRT_STATE_SLOT,
                         .type = param.type,
                         .file_shape = param.file_shape,
                         .form = param.form,
                         .mutable = true,
                         .source = -1,
                         .init = FTMRT_INIT_ZEROS,
                         .layer = param.layer,
                         .layer_kind = param.layer_kind,
                         .span = param.span};
    return program_add_state(p, slot);
}

/* The scalar of a parameter: the input of its group's own, where there is one, else that of all times the group's factor. */
static bool find_scalar(struct graph *g, const struct state *param, const char *name, value_id *out)
{
    if (!param->group)
        return scalar_input(g, name, out);
    const char *own = arena_printf(g->program->arena, "%s.%s", name, param->group);
    if (value_valid(graph_find_input(g, own)))
        return scalar_input(g, own, out);
    const struct optimizer_group *group = optimizer_group(&g->program->optimizer, param->group);
    FTM_BUG_ON(!group, "no group %s", param->group);
    if (!scalar_input(g, name, out))
        return false;
    *out = scalar_times(g, *out, optimizer_factor(group, name));
    return true;
}

static bool update(struct graph *g, value_id param, value_id grad)
{
    struct node leaf = *graph_node(g, param);
    struct program *p = g->program;
    enum op op = optimizer_op(&p->optimizer);
    const struct optimizer_rule *rule = optimizer_rule(op);
    value_id operands[2 + OPTIMIZER_MAX_SLOTS + OPTIMIZER_MAX_SCALARS] = {grad, param};
    uint32_t count = 2, slots = optimizer_slots(rule), scalars = optimizer_scalars(rule);
    for (uint32_t i = 0; i < slots; i++)
        operands[count++] = graph_state(g, slot_state(p, leaf.attrs->state, rule->slots[i]));
    for (uint32_t i = 0; i < scalars; i++)
        if (!find_scalar(g, &p->states.at[leaf.attrs->state], rule->scalars[i], &operands[count++]))
            return false;
    rewrite_op_(g, &leaf, op, &p->optimizer.attrs, operands, count);
    return true;
}

/* The forward leaf of a state that has a gradient, or VALUE_NONE. */
static value_id leaf_with_grad(const struct backward *b, uint32_t state)
{
    value_id leaf = graph_find_state(b->g, state);
    return value_valid(leaf) && wanted(b, leaf) && value_valid(b->grad[leaf.i]) ? leaf : VALUE_NONE;
}

/* The sum of the squares of all gradients; VALUE_NONE: there are none. */
static value_id squares(const struct backward *b, uint32_t states)
{
    value_id sum = VALUE_NONE;
    for (uint32_t s = 0; s < states; s++) {
        value_id leaf = leaf_with_grad(b, s);
        if (value_valid(leaf))
            add_to(b->g, &sum, clip_squares(b->g, b->grad[leaf.i]));
    }
    return sum;
}

/* Brings the gradients of the parameters to what the optimizer takes of them. */
static void clip(struct backward *b, uint32_t states)
{
    const struct optimizer *o = &b->g->program->optimizer;
    value_id factor = o->clip_norm > 0 ? squares(b, states) : VALUE_NONE;
    if (value_valid(factor))
        factor = clip_factor(b->g, factor, o->clip_norm);
    for (uint32_t s = 0; s < states; s++) {
        value_id leaf = leaf_with_grad(b, s);
        if (!value_valid(leaf))
            continue;
        value_id *grad = &b->grad[leaf.i];
        if (value_valid(factor))
            *grad = clip_times(b->g, *grad, factor);
        if (o->clip_value > 0)
            *grad = clip_range(b->g, *grad, o->clip_value);
    }
}

static bool add_updates(struct backward *b)
{
    struct program *p = b->g->program;
    uint32_t count = p->states.len;
    if (!optimizer_rule(p->optimizer.op)) {
        diag_report(p->diag, SPAN_NONE, DIAG_TRAIN_OPTIMIZER, b->g->name);
        return false;
    }
    clip(b, count);
    for (uint32_t s = 0; s < count; s++) {
        value_id leaf = leaf_with_grad(b, s);
        if (value_valid(leaf) && !update(b->g, leaf, b->grad[leaf.i]))
            return false;
    }
    return true;
}

/* ---- the pass ---- */

static struct backward backward_of(struct pass_context *c, struct graph *g)
{
    struct backward b = {.g = g, .count = g->nodes.len, .scratch = c->scratch};
    b.needed = arena_array(c->scratch, bool, b.count);
    b.grad = arena_array(c->scratch, value_id, b.count);
    b.parts = arena_array(c->scratch, value_id *, b.count);
    for (uint32_t i = 0; i < b.count; i++)
        b.grad[i] = VALUE_NONE;
    return b;
}

static bool differentiate(struct pass_context *c, struct graph *g, bool *changed)
{
    graph_sort(g);
    value_id loss = graph_find_role(g, FTMRT_ROLE_LOSS);
    if (!value_valid(loss) || graph_shape(g, loss)->rank != 0) {
        diag_report(c->program->diag, SPAN_NONE, DIAG_TRAIN_LOSS, g->name);
        return false;
    }
    struct backward b = backward_of(c, g);
    find_needed(&b, VALUE_NONE);
    if (!b.needed[loss.i])
        return true;
    *changed = true;
    b.grad[loss.i] = graph_constant(g, 1.0, graph_node(g, loss)->type);
    for (uint32_t i = b.count; i-- > 0;)
        propagate(&b, (value_id){i});
    return !b.failed && add_updates(&b);
}

/* The number of the output that is the map; UINT32_MAX: there is none. */
static uint32_t map_output(const struct graph *g)
{
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (strcmp(g->outputs.at[i].name, EXPLAINED_MAP) == 0)
            return i;
    return UINT32_MAX;
}

static bool explain(struct pass_context *c, struct graph *g, bool *changed)
{
    graph_sort(g);
    const uint32_t output = map_output(g);
    const value_id logits = graph_find_role(g, FTMRT_ROLE_LOGITS);
    if (output == UINT32_MAX || !value_valid(logits))
        return true;
    const value_id map = g->outputs.at[output].value;
    struct backward b = backward_of(c, g);
    find_needed(&b, map);
    *changed = true;
    b.grad[logits.i] = graph_find_input(g, "label");
    for (uint32_t i = b.count; i-- > map.i + 1;)
        propagate(&b, (value_id){i});
    if (!b.failed)
        graph_set_output(g, output, activation_map(g, map, b.grad[map.i]));
    return !b.failed;
}

bool pass_backward(struct pass_context *c)
{
    bool changed = false, ok = true;
    for_functions (c, g)
        if (g->kind == FTMRT_ENTRY_TRAIN)
            ok &= differentiate(c, g, &changed);
        else if (g->kind == FTMRT_ENTRY_WHY)
            ok &= explain(c, g, &changed);
    if (ok)
        rewrite_done(c, changed);
    return ok;
}
