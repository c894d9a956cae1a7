/* Lowering: the network, the recipe and the bound weights become the program of the graph IR.
 *
 * A parameter is a state; the functions predict, eval and train are the same forward pass with
 * different ends: eval adds the loss, train also the batch's statistics in the batch norms that are
 * not frozen. Gradients and updates are the backward pass's business; here train only names the
 * inputs that it needs (lr, momentum, weight_decay).
 *
 * SAME padding is TensorFlow's: along an axis the output has ceil(in / stride) places, and the
 * padding that this takes is split with the odd one behind. It depends on the input's size, hence
 * it is resolved here. */
#include "bind.h"

#include <inttypes.h>

#include "bind.h"
#include "shape.h"

struct lower {
    struct arena *arena;
    struct diag *diag;
    const struct net *net;
    const struct recipe *recipe;
    const struct binding *binding;
    struct program *program;
    uint32_t *first_param; /* per layer: its first parameter in the binding, or UINT32_MAX */
};

/* A function under construction. */
struct body {
    struct lower *c;
    struct graph *g;
    value_id *values; /* per layer */
    bool *visiting;   /* per layer: below it in the recursion */
};

/* ---- states ---- */

static void add_state(struct lower *c, const struct net_param *p)
{
    const struct layer *l = &c->net->layers.at[p->layer.i];
    struct state s = {.name = p->name, .type = p->type, .file_shape = p->type.shape};
    s.kind = p->role <= PARAM_BIAS ? FTMRT_STATE_PARAMETER : FTMRT_STATE_BUFFER;
    s.trainable = p->trainable;
    s.mutable = p->mutable;
    s.added = l->added;
    s.source = p->source;
    s.init = p->init;
    s.init_arg = p->init_arg;
    s.fan_in = p->fan_in;
    s.layer = l->path;
    s.layer_kind = op_info(l->op)->name;
    s.span = l->span;
    program_add_state(c->program, s);
}

static void add_states(struct lower *c)
{
    c->first_param = arena_array(c->arena, uint32_t, c->net->layers.len + 1);
    for (uint32_t i = 0; i < c->net->layers.len; i++)
        c->first_param[i] = UINT32_MAX;
    for (uint32_t i = 0; i < c->binding->params.len; i++) {
        const struct net_param *p = &c->binding->params.at[i];
        if (c->first_param[p->layer.i] == UINT32_MAX)
            c->first_param[p->layer.i] = i;
        add_state(c, p);
    }
}

/* The state of a role of a layer; parameters and states have the same indices. */
static uint32_t state_of(const struct lower *c, layer_id id, enum param_role role)
{
    for (uint32_t i = c->first_param[id.i]; i < c->binding->params.len; i++) {
        if (c->binding->params.at[i].layer.i == id.i && c->binding->params.at[i].role == role)
            return i;
    }
    FTM_BUG("layer %u has no parameter of role %d", (unsigned)id.i, (int)role);
}

/* ---- the forward pass ---- */

static void same_padding(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                         int64_t *before, int64_t *after)
{
    const int64_t out = (in + stride - 1) / stride;
    const int64_t reach = (out - 1) * stride + (kernel - 1) * dilation + 1;
    const int64_t total = reach > in ? reach - in : 0;
    *before = total / 2;
    *after = total - total / 2;
}

static struct attrs node_attrs(const struct body *b, const struct layer *l, value_id x)
{
    struct attrs a = l->attrs;
    const struct shape *in = value_valid(x) ? graph_shape(b->g, x) : NULL;
    if (!l->same_padding || !in || in->rank != 4)
        return a;
    const int64_t *kernel = l->op == OP_conv2d ? l->kernel : a.kernel;
    for (int axis = 0; axis < 2; axis++) {
        const int64_t stride = a.stride[axis] > 0 ? a.stride[axis] : 1;
        const int64_t dilation = a.dilation[axis] > 0 ? a.dilation[axis] : 1;
        same_padding(in->dim[2 + axis], kernel[axis], stride, dilation, &a.padding[axis],
                     &a.padding[2 + axis]);
    }
    return a;
}

static value_id add_node(struct body *b, layer_id id, enum op op, const struct attrs *attrs,
                         const value_id *inputs, uint32_t count)
{
    const struct layer *l = &b->c->net->layers.at[id.i];
    return graph_add(b->g, op, inputs, count, attrs, l->span, l->path);
}

static value_id param(struct body *b, layer_id id, enum param_role role)
{
    return graph_state(b->g, state_of(b->c, id, role));
}

static value_id lower_weighted(struct body *b, layer_id id, value_id x)
{
    const struct layer *l = &b->c->net->layers.at[id.i];
    struct attrs a = node_attrs(b, l, x);
    for (int axis = 0; l->op == OP_conv2d && axis < 2; axis++) {
        a.kernel[axis] = 0; /* the weight's shape says it */
        a.stride[axis] = a.stride[axis] > 0 ? a.stride[axis] : 1;
        a.dilation[axis] = a.dilation[axis] > 0 ? a.dilation[axis] : 1;
    }
    if (l->op == OP_conv2d && a.groups < 1)
        a.groups = 1;
    value_id y = add_node(b, id, l->op, &a, (const value_id[]){x, param(b, id, PARAM_WEIGHT)}, 2);
    if (l->bias)
        y = add_node(b, id, OP_bias_add, NULL, (const value_id[]){y, param(b, id, PARAM_BIAS)}, 2);
    return y;
}

static value_id lower_batch_norm(struct body *b, layer_id id, value_id x)
{
    const struct layer *l = &b->c->net->layers.at[id.i];
    struct attrs a = l->attrs;
    a.training = b->g->training && bind_updates_statistics(l);
    const value_id inputs[] = {x, param(b, id, PARAM_WEIGHT), param(b, id, PARAM_BIAS),
                               param(b, id, PARAM_RUNNING_MEAN), param(b, id, PARAM_RUNNING_VAR)};
    const value_id y = add_node(b, id, OP_batch_norm, &a, inputs, 5);
    if (a.training) {
        const value_id count = param(b, id, PARAM_NUM_BATCHES_TRACKED);
        add_node(b, id, OP_count_update, NULL, &count, 1);
    }
    return y;
}

static value_id lower_layer(struct body *b, layer_id id);

static value_id lower_op(struct body *b, layer_id id)
{
    const struct layer *l = &b->c->net->layers.at[id.i];
    if (l->op == OP_input)
        return graph_input(b->g, l->attrs.label ? l->attrs.label : "image", l->type);
    value_id inputs[LAYER_MAX_INPUTS] = {VALUE_NONE, VALUE_NONE};
    for (uint32_t i = 0; i < l->input_count; i++)
        inputs[i] = lower_layer(b, l->inputs[i]);
    if (l->op == OP_conv2d || l->op == OP_linear)
        return lower_weighted(b, id, inputs[0]);
    if (l->op == OP_batch_norm)
        return lower_batch_norm(b, id, inputs[0]);
    const struct attrs a = node_attrs(b, l, inputs[0]);
    return add_node(b, id, l->op, &a, inputs, l->input_count);
}

/* The value of a layer; what it reads first, whatever the order in which edits appended layers. */
static value_id lower_layer(struct body *b, layer_id id)
{
    if (value_valid(b->values[id.i]))
        return b->values[id.i];
    FTM_BUG_ON(b->visiting[id.i], "the network has a cycle through layer %u", (unsigned)id.i);
    b->visiting[id.i] = true;
    b->values[id.i] = lower_op(b, id);
    b->visiting[id.i] = false;
    return b->values[id.i];
}

/* ---- functions ---- */

/* Starts a function: inputs in the order of the interface, then all layers in their order.
 * VALUE_NONE after a report. */
static value_id lower_body(struct body *b, struct lower *c, const char *name, bool training)
{
    const uint32_t count = c->net->layers.len;
    *b = (struct body){.c = c, .g = program_add_function(c->program, name, training)};
    b->values = arena_array(c->arena, value_id, count + 1);
    b->visiting = arena_array(c->arena, bool, count + 1);
    for (uint32_t i = 0; i < count; i++)
        b->values[i] = VALUE_NONE;
    for (uint32_t i = 0; i < count; i++) {
        const struct layer *l = &c->net->layers.at[i];
        if (l->op == OP_input && !l->dead)
            lower_layer(b, (layer_id){i});
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!c->net->layers.at[i].dead)
            lower_layer(b, (layer_id){i});
    }
    return b->values[c->net->output.i];
}

static value_id add_loss(struct lower *c, struct graph *g, value_id logits, value_id label)
{
    struct attrs a = {.label_smoothing =
                          ftmrt_call_number(recipe_call(c->recipe, FTMRT_PARAM_finetune_loss),
                                            FTMRT_PARAM_cross_entropy_label_smoothing)};
    const value_id inputs[] = {logits, label};
    return graph_add(g, OP_cross_entropy, inputs, 2, &a, c->recipe->span, NULL);
}

static value_id add_label(struct graph *g)
{
    return graph_input(g, "label", (struct type){FTMRT_I32, shape_1d(DIM_BATCH)});
}

static bool lower_predict(struct lower *c)
{
    struct body b;
    const value_id logits = lower_body(&b, c, "predict", false);
    if (!value_valid(logits))
        return false;
    graph_output(b.g, "logits", logits);
    return true;
}

static bool lower_loss(struct lower *c, const char *name, bool training)
{
    struct body b;
    const value_id logits = lower_body(&b, c, name, training);
    const value_id label = add_label(b.g);
    const value_id loss = add_loss(c, b.g, logits, label);
    if (!value_valid(loss))
        return false;
    static const char *const scalars[] = {"lr", "momentum", "weight_decay"};
    for (int i = 0; training && i < 3; i++)
        graph_input(b.g, scalars[i], (struct type){FTMRT_F32, shape_scalar()});
    graph_output(b.g, "loss", loss);
    graph_output(b.g, "logits", logits);
    return true;
}

static bool check_classes(const struct lower *c)
{
    const struct layer *l = &c->net->layers.at[c->net->output.i];
    const struct shape *s = &l->type.shape;
    if (s->rank == 2 && s->dim[1] == recipe_classes(c->recipe))
        return true;
    char shape[96];
    diag_report(c->diag, l->span, DIAG_OUTPUT_CLASSES,
                c->net->output_name ? c->net->output_name : "logits",
                shape_text(s, shape, sizeof shape),
                arena_printf(c->arena, "%" PRId64, recipe_classes(c->recipe)));
    if (l->path && s->rank == 2)
        diag_note(c->diag, "give the network a new head: `replace %s with linear(classes)`",
                  l->path);
    return false;
}

static struct optimizer optimizer_of(const struct ftmrt_call *c)
{
    struct optimizer o = {.kind = OPTIMIZER_SGD,
                          .lr = ftmrt_call_number(c, FTMRT_PARAM_sgd_lr),
                          .momentum = ftmrt_call_number(c, FTMRT_PARAM_sgd_momentum),
                          .weight_decay = ftmrt_call_number(c, FTMRT_PARAM_sgd_weight_decay),
                          .nesterov = ftmrt_call_integer(c, FTMRT_PARAM_sgd_nesterov) != 0};
    o.momentum_used = o.momentum != 0;
    return o;
}

bool lower_program(struct arena *arena, struct diag *diag, const struct net *net,
                   const struct recipe *r, const struct binding *binding, struct program **out)
{
    struct lower c = {.arena = arena, .diag = diag, .net = net, .recipe = r, .binding = binding};
    if (!check_classes(&c))
        return false;
    c.program =
        program_new(arena, diag, r->bound.name, recipe_integer(r, FTMRT_PARAM_finetune_batch));
    c.program->shards = recipe_integer(r, FTMRT_PARAM_finetune_shards);
    c.program->optimizer = optimizer_of(recipe_call(r, FTMRT_PARAM_finetune_optimizer));
    add_states(&c);
    if (!lower_predict(&c) || !lower_loss(&c, "eval", false) || !lower_loss(&c, "train", true))
        return false;
    *out = c.program;
    return true;
}
