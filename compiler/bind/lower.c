/* Lowering: the network, the recipe and the bound weights become the program of the graph IR.
 *
 * A parameter is a state. Each model has a function of each kind in each phase of the training: the same forward pass with
 * different ends. Evaluation adds the loss, training also the batch's statistics in the batch norms that are not frozen in
 * the phase. Gradients and updates are the backward pass's business; here training only names the inputs that it needs: the
 * scalars of the optimizer. */
#include "bind_parts.h"

#include <inttypes.h>
#include <string.h>

#include "calls.h"
#include "composed_loss.h"
#include "distillation.h"
#include "op.h"
#include "optimizer.h"
#include "shape.h"
#include "weighted_loss.h"

struct lower {
    struct arena *arena;
    struct diag *diag;
    const struct recipe *recipe;
    struct program *program;
    const struct program_model *own;   /* the program's own model, */
    const struct program_model *model; /* the one at hand, */
    int32_t first_source;              /* where its tensors begin among those of all models, */
    uint32_t first_layer;              /* and where its layers' numbers begin, */
    uint32_t phase;                    /* and the phase */
};

/* A function under construction. */
struct body {
    struct lower *c;
    const struct net *net; /* for images of the entry's size */
    struct graph *g;
    value_id *values; /* per layer */
    bool *visiting;   /* per layer: below it in the recursion */
};

/* ---- states ---- */

/* The name of a state: that of its parameter in files, below the model's scope. */
static const char *state_name(const struct lower *c, const char *param)
{
    const char *scope = c->model->scope;
    const char *name = bind_file_name(c->arena, c->model->binding, param);
    return *scope ? arena_printf(c->arena, "%s/%s", scope, name) : name;
}

/* The shape of a parameter in files: of the tensor that it came from. */
static struct shape file_shape(const struct lower *c, const struct net_param *p)
{
    if (p->source < 0)
        return p->param->type.shape;
    const struct weight_tensor *t = &c->model->binding->tensors.at[p->source];
    struct shape s = {.rank = t->rank};
    memcpy(s.dim, t->dim, sizeof *t->dim * t->rank);
    return s;
}

/* The phases that train a parameter, as a state says it. */
static uint32_t phases_of(const struct lower *c, const struct layer_param *p)
{
    return p->trainable == recipe_every_phase(c->recipe) ? 0 : p->trainable;
}

/* Whether classes can come to the layer while the program runs: to its parameters, which are open then. */
static bool layer_grows(const struct lower *c, const struct layer *l)
{
    return c->model->grows && layer_capacity(l) > 0 &&
           (l->params[0].kept || (c->model->trained && l->params[0].trainable));
}

static void add_state(struct lower *c, const struct net_param *p)
{
    const struct layer *l = &c->model->net->layers.at[p->layer.i];
    struct state s = {.type = p->param->type, .file_shape = file_shape(c, p)};
    s.name = state_name(c, p->name);
    s.kind = c->model->teacher                   ? FTMRT_STATE_TEACHER
             : p->param->kind == LAYER_PARAMETER ? FTMRT_STATE_PARAMETER
                                                 : FTMRT_STATE_BUFFER;
    s.trainable = c->model->trained && p->param->trainable;
    s.group =
        s.trainable && p->param->group ? c->recipe->groups.at[p->param->group - 1].name : NULL;
    s.phases = s.trainable ? phases_of(c, p->param) : 0;
    s.kept = p->param->kept;
    s.learnt = !c->model->trained && !c->model->teacher && !s.kept &&
               bind_was_learnt(c->arena, c->model->binding, p);
    s.mutable = s.kept || (c->model->trained && p->mutable);
    s.added = l->added && !c->model->teacher;
    s.grows = layer_grows(c, l);
    s.source = p->source < 0 ? p->source : c->first_source + p->source;
    s.init = p->param->init;
    s.init_arg = p->param->init_arg;
    s.fan_in = p->param->fan_in;
    s.layer = l->path;
    s.layer_kind = layer_kind(l);
    s.span = l->span;
    program_add_state(c->program, s);
}

static void add_states(struct lower *c)
{
    const struct binding *b = c->model->binding;
    for (uint32_t i = 0; i < b->params.len; i++)
        add_state(c, &b->params.at[i]);
    c->first_source += (int32_t)b->tensors.len;
}

/* The state of a layer's first parameter; the others follow it. A layer has them by its name, whatever the size of the
 * images that its network is made for. */
static int64_t first_state(const struct lower *c, const struct layer *l)
{
    if (!l->param_count)
        return NO_STATE;
    const char *name = state_name(c, layer_param_key(c->arena, l, &l->params[0]));
    const uint32_t state = program_find_state(c->program, name);
    FTM_BUG_ON(state == UINT32_MAX, "no state '%s'", name);
    return state;
}

/* ---- the forward pass ---- */

static value_id lower_layer(struct body *b, layer_id id);

/* The image of training, which is the only input of a network that has teachers. */
static const struct layer *training_image(const struct lower *c)
{
    const struct net *net = net_of_entry(c->own->net, FTMRT_ENTRY_TRAIN);
    for (uint32_t i = 0; i < net->layers.len; i++)
        if (!net->layers.at[i].row)
            return &net->layers.at[i];
    FTM_BUG("a network without an input");
}

/* What a teacher sees of an image of training. */
static value_id teacher_input(struct body *b)
{
    const struct recipe_teacher *t = b->c->model->teacher;
    const struct layer *image = training_image(b->c);
    const struct teacher_view view = {t->factor, t->summand, t->height, t->width};
    return teacher_image(
        b->g, graph_input_as(b->g, image->input_name, image->type, FTMRT_ROLE_INPUT), &view);
}

static value_id lower_nodes(struct body *b, layer_id id)
{
    struct lower *c = b->c;
    const struct layer *l = &b->net->layers.at[id.i];
    if (!l->row && c->model->teacher)
        return teacher_input(b);
    if (!l->row)
        return graph_input_as(b->g, l->input_name, l->type, FTMRT_ROLE_INPUT);
    value_id *inputs = arena_array(c->arena, value_id, l->input_count);
    for (uint32_t i = 0; i < l->input_count; i++)
        inputs[i] = lower_layer(b, l->inputs[i]);
    const bool training = b->g->kind == FTMRT_ENTRY_TRAIN;
    struct layer_site site = {.graph = b->g,
                              .layer = l,
                              .inputs = inputs,
                              .first_state = first_state(c, l),
                              .training = training,
                              .draws = training && !(l->frozen >> c->phase & 1U),
                              .grows = layer_grows(c, l),
                              .phase = c->phase,
                              .number = c->first_layer + id.i};
    return layer_lower(&site);
}

/* The value of a layer; what it reads first, whatever the order in which edits appended layers. */
static value_id lower_layer(struct body *b, layer_id id)
{
    if (value_valid(b->values[id.i]))
        return b->values[id.i];
    FTM_BUG_ON(b->visiting[id.i], "the network has a cycle through layer %u", (unsigned)id.i);
    b->visiting[id.i] = true;
    b->values[id.i] = lower_nodes(b, id);
    b->visiting[id.i] = false;
    return b->values[id.i];
}

/* ---- functions ---- */

/* Starts a function: inputs in the order of the interface, then all layers in their order.
 * VALUE_NONE after a report. */
static value_id lower_body(struct body *b, struct lower *c, struct graph *g)
{
    const struct net *net = net_of_entry(c->model->net, g->kind);
    const uint32_t count = net->layers.len;
    *b = (struct body){.c = c, .net = net, .g = g};
    b->values = arena_array(c->arena, value_id, count + 1);
    b->visiting = arena_array(c->arena, bool, count + 1);
    for (uint32_t i = 0; i < count; i++)
        b->values[i] = VALUE_NONE;
    for (uint32_t i = 0; i < count; i++) {
        const struct layer *l = &net->layers.at[i];
        if (!l->row && !l->dead)
            lower_layer(b, (layer_id){i});
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!net->layers.at[i].dead)
            lower_layer(b, (layer_id){i});
    }
    return b->values[net->outputs.at[0].layer.i];
}

/* An argument of the loss by its name; NULL where it has none of that name, or none was given. */
static const struct ftmrt_arg *loss_argument(const struct ftmrt_call *loss, const char *name)
{
    const struct ftmrt_call_info *row = ftmrt_call_info(loss->id);
    for (uint32_t i = 0; i < row->param_count; i++)
        if (strcmp(row->params[i].name, name) == 0 && loss->args[i].kind != FTMRT_ARG_NONE)
            return &loss->args[i];
    return NULL;
}

static const struct ftmrt_arg *class_weights(const struct ftmrt_call *loss)
{
    return loss_argument(loss, "weight");
}

/* Class weights are an input, so that a caller may have others; without any all are 1. */
static value_id add_class_weights(struct graph *g, const struct ftmrt_call *loss, int64_t classes)
{
    const struct type type = {FTMRT_F32, shape_1d(classes)};
    if (!class_weights(loss))
        return graph_constant(g, 1, type);
    return graph_input_as(g, "class_weight", type, FTMRT_ROLE_CLASS_WEIGHT);
}

/* The loss's op has its name, where it is not made of several. With weights or ignored labels the weight is an output, too. */
static value_id add_term(struct lower *c, struct graph *g, const struct ftmrt_call *loss,
                         value_id logits, value_id label)
{
    const struct ftmrt_call_info *row = ftmrt_call_info(loss->id);
    compose_fn *compose = composed_loss(row->name);
    if (compose)
        return compose(g, logits, label);
    const enum op op = op_by_name(row->name);
    const value_id inputs[] = {logits, label};
    struct attrs a = call_attrs(op, row, loss->args);
    const struct ftmrt_arg *ignored = loss_argument(loss, "ignore_index");
    if (!class_weights(loss) && !ignored)
        return graph_add(g, op, inputs, 2, &a, c->recipe->span, NULL);
    a.ignore_index = ignored ? ignored->integer : NO_IGNORE_INDEX;
    const value_id weights = add_class_weights(g, loss, recipe_classes(c->recipe));
    const struct ftmrt_call *data = recipe_call(c->recipe, FTMRT_PARAM_finetune_data);
    const bool may_be_none = data && ftmrt_call_inner(data, FTMRT_PARAM_data_unlabelled);
    const struct weighted_loss w =
        weighted_loss(g, op, logits, label, weights, &a, may_be_none ? 1e-20 : 0);
    if (value_valid(w.loss) && value_valid(w.weight))
        graph_output(g, "weight", w.weight);
    return w.loss;
}

/* The sum of the terms, times their factors. */
static value_id add_loss(struct lower *c, struct graph *g, value_id logits, value_id label)
{
    const struct ftmrt_arg *losses = recipe_losses(c->recipe);
    value_id sum = VALUE_NONE;
    for (uint32_t i = 0; i < losses->count; i++) {
        const value_id term = add_term(c, g, &losses->calls[i], logits, label);
        if (!value_valid(term))
            return term;
        sum = loss_plus(g, sum, scalar_times(g, term, recipe_loss_factor(c->recipe, i)));
    }
    return sum;
}

static enum ftmrt_label_kind label_kind(const struct lower *c)
{
    return ftmrt_data_labels(recipe_call(c->recipe, FTMRT_PARAM_finetune_data));
}

/* The label as the data has it; mixed ones are shares of the classes. */
static value_id add_label(struct lower *c, struct graph *g, value_id logits)
{
    const bool mixed =
        g->kind == FTMRT_ENTRY_TRAIN && recipe_call(c->recipe, FTMRT_PARAM_finetune_mix);
    const struct shape *out = graph_shape(g, logits);
    const struct type types[FTMRT_LABEL_COUNT] = {
        [FTMRT_LABEL_INDEX] = {FTMRT_I32, shape_1d(DIM_BATCH)},
        [FTMRT_LABEL_VECTOR] = {FTMRT_F32, *out},
        [FTMRT_LABEL_MASK] = {FTMRT_I32, {3, {DIM_BATCH, out->dim[2], out->dim[3]}}},
    };
    return graph_input(g, "label", types[mixed ? FTMRT_LABEL_VECTOR : label_kind(c)]);
}

/* What the loss compares: what the network gives, and the label; where numbers are learnt in units of their own, both in those. */
struct compared {
    value_id logits, label;
};

/* The layer in front of the one that brings numbers to the data's units has them in its own; a label is brought there. */
static struct compared in_own_units(struct body *b, struct compared c)
{
    const struct layer *scale = &b->net->layers.at[b->net->outputs.at[0].layer.i];
    const uint32_t state = (uint32_t)first_state(b->c, scale);
    return (struct compared){b->values[scale->inputs[0].i],
                             channel_affine_inverse(b->g, c.label, graph_state(b->g, state),
                                                    graph_state(b->g, state + 1),
                                                    b->c->recipe->span)};
}

/* What the optimizer wants of every step. */
static void add_scalars(struct graph *g)
{
    const struct optimizer *o = &g->program->optimizer;
    const struct optimizer_rule *rule = optimizer_rule(o->op);
    for (uint32_t i = 0; i < optimizer_values(rule); i++)
        if (optimizer_takes(o, i))
            graph_input(g, rule->scalars[i], (struct type){FTMRT_F32, shape_scalar()});
}

/* The functions of a model in a phase. */
static const struct entry_row {
    const char *name;
    enum ftmrt_entry_kind kind;
} entry_rows[] = {
    {"predict", FTMRT_ENTRY_PREDICT},
    {"eval", FTMRT_ENTRY_EVAL},
    {"train", FTMRT_ENTRY_TRAIN},
};

/* SCOPE.NAME.PHASE, without what is the program's own or the first. */
static struct graph *add_function(struct lower *c, const struct entry_row *row)
{
    const char *scope = c->model->scope;
    const char *phase = c->phase ? arena_printf(c->arena, ".%u", (unsigned)c->phase) : "";
    const char *name =
        arena_printf(c->arena, "%s%s%s%s", scope, *scope ? "." : "", row->name, phase);
    struct graph *g = program_add_function(c->program, name, row->kind);
    g->scope = scope;
    g->phase = c->phase;
    return g;
}

/* The outputs behind the first, without a role. In a training step nobody reads them. */
static bool add_outputs(struct body *b)
{
    for (uint32_t i = 1; i < b->net->outputs.len; i++) {
        const struct net_output *o = &b->net->outputs.at[i];
        graph_output_as(b->g, o->name, b->values[o->layer.i], FTMRT_ROLE_NONE);
        if (graph_output_role(&b->g->outputs.at[b->g->outputs.len - 1]) == FTMRT_ROLE_NONE)
            continue;
        diag_report(b->c->diag, b->net->layers.at[o->layer.i].span, DIAG_BAD_VALUE,
                    "the name of a further output", "none that has a meaning of its own", o->name);
        return false;
    }
    return true;
}

/* Whether no input has a name that a program gives to what it takes besides. */
static bool check_inputs(const struct lower *c, const struct net *net)
{
    const enum op op = op_by_name(
        ftmrt_call_info(recipe_call(c->recipe, FTMRT_PARAM_finetune_optimizer)->id)->name);
    for (uint32_t i = 0; i < net->layers.len; i++) {
        const struct layer *l = &net->layers.at[i];
        if (l->row || (strcmp(l->input_name, "label") != 0 &&
                       optimizer_scalar(optimizer_rule(op), l->input_name) == UINT32_MAX))
            continue;
        diag_report(c->diag, l->span, DIAG_BAD_VALUE, "the name of an input",
                    "another than those of the label and the optimizer's scalars", l->input_name);
        return false;
    }
    return true;
}

/* The value between a teacher's entry and that of a step. */
static const char *teacher_value(const struct lower *c, const struct recipe_teacher *t)
{
    return arena_printf(c->arena, "teacher.%s", t->name);
}

/* The loss of a step, of which teachers have their shares. */
static value_id with_teachers(struct lower *c, struct graph *g, value_id loss, value_id logits)
{
    const struct type type = graph_node(g, logits)->type;
    double rest = 1;
    value_id terms = VALUE_NONE;
    for (uint32_t i = 0; i < c->recipe->teachers.len; i++) {
        const struct recipe_teacher *t = &c->recipe->teachers.at[i];
        const value_id answers = graph_input_as(g, teacher_value(c, t), type, FTMRT_ROLE_TEACHER),
                       term = scalar_times(g, distillation(g, logits, answers, t->temperature),
                                           t->share);
        terms = value_valid(terms) ? distilled_loss(g, term, 1, terms) : term;
        rest -= t->share;
    }
    return value_valid(terms) ? distilled_loss(g, loss, rest < 1e-9 ? 0 : rest, terms) : loss;
}

/* What an answer comes from: the last map, which the backward pass makes a number per place of, and the share of each output in what is asked
 * for. */
static bool lower_why(struct lower *c)
{
    struct body b;
    struct graph *g = add_function(c, &(struct entry_row){"why", FTMRT_ENTRY_WHY});
    const value_id logits = lower_body(&b, c, g);
    if (!value_valid(logits))
        return false;
    const struct shape *shape = graph_shape(g, logits);
    const value_id map = shape->rank == 2 ? last_map(c->arena, g, logits) : VALUE_NONE;
    if (!value_valid(map)) {
        diag_report(c->diag, c->recipe->span, DIAG_NO_MAP,
                    shape->rank == 2 ? "no layer behind the image leaves a map of several places"
                                     : "its output is a map itself");
        return false;
    }
    graph_input(g, "label", (struct type){FTMRT_F32, *shape});
    graph_output(g, "logits", logits);
    graph_output_as(g, EXPLAINED_MAP, map, FTMRT_ROLE_NONE);
    return true;
}

static bool lower_entry(struct lower *c, const struct entry_row *row)
{
    struct body b;
    struct graph *g = add_function(c, row);
    const value_id logits = lower_body(&b, c, g);
    if (!value_valid(logits))
        return false;
    if (row->kind != FTMRT_ENTRY_PREDICT) {
        struct compared of = {logits, add_label(c, g, logits)};
        if (recipe_standardizes(c->recipe))
            of = in_own_units(&b, of);
        value_id loss = add_loss(c, g, of.logits, of.label);
        if (!value_valid(loss))
            return false;
        if (row->kind == FTMRT_ENTRY_TRAIN) {
            loss = with_teachers(c, g, loss, logits);
            add_scalars(g);
        }
        graph_output(g, "loss", loss);
    }
    if (c->model->teacher) {
        graph_output_as(g, teacher_value(c, c->model->teacher), logits, FTMRT_ROLE_TEACHER);
        return true;
    }
    graph_output(g, "logits", logits);
    return row->kind == FTMRT_ENTRY_TRAIN || add_outputs(&b);
}

static bool is_judged(const struct program_model *m) { return m->trained || !*m->scope; }

static bool has_entry(const struct program_model *m, enum ftmrt_entry_kind kind)
{
    return kind == FTMRT_ENTRY_PREDICT || (kind == FTMRT_ENTRY_TRAIN ? m->trained : is_judged(m));
}

static bool lower_entries(struct lower *c)
{
    for (uint32_t i = 0; i < sizeof entry_rows / sizeof *entry_rows; i++)
        if (has_entry(c->model, entry_rows[i].kind) && !lower_entry(c, &entry_rows[i]))
            return false;
    return !c->model->explains || c->phase > 0 || lower_why(c);
}

/* The image that a network takes; NULL: it takes none. */
static const struct shape *image_shape(const struct net *net)
{
    for (uint32_t i = 0; i < net->layers.len; i++)
        if (!net->layers.at[i].row && net->layers.at[i].type.shape.rank == 4)
            return &net->layers.at[i].type.shape;
    return NULL;
}

/* The output that the labels judge: a number per class, under masks for each pixel of the image. */
static struct shape judged_shape(const struct lower *c, const struct net *net)
{
    const int64_t classes = recipe_classes(c->recipe);
    const struct shape *image = label_kind(c) == FTMRT_LABEL_MASK ? image_shape(net) : NULL;
    if (!image)
        return shape_2d(DIM_BATCH, classes);
    return shape_4d(DIM_BATCH, classes, image->dim[2], image->dim[3]);
}

/* "4 classes", "4 classes for each of 16 x 16 pixels". */
static const char *classes_text(const struct lower *c, const struct shape *wanted)
{
    const char *text = arena_printf(c->arena, "%" PRId64 " class%s", wanted->dim[1],
                                    wanted->dim[1] == 1 ? "" : "es");
    if (wanted->rank == 2)
        return text;
    return arena_printf(c->arena, "%s for each of %" PRId64 " x %" PRId64 " pixels", text,
                        wanted->dim[2], wanted->dim[3]);
}

/* Where the recipe says how many outputs a layer has, as an argument of its model; NULL: it does not. */
static const struct origin *origin_of_outputs(const struct layer *l, const struct shape *s)
{
    for (uint32_t i = 0; l->row && s->rank == 2 && i < l->row->param_count; i++)
        if (l->args[i].kind == VALUE_INT && l->args[i].integer == s->dim[1] && l->args[i].origin)
            return l->args[i].origin;
    return NULL;
}

/* What to change, where the recipe says it; weights of a file mostly have as many outputs as it says. */
static void advise_argument(const struct lower *c, const struct origin *o, const struct layer *l,
                            int64_t classes, bool pretrained)
{
    if (c->recipe->classes_from)
        diag_note(c->diag, "%s: %swrite `%s(%s = %" PRId64 ")`", c->recipe->classes_from,
                  pretrained ? "if the weights are of as many, " : "", o->callee, o->name, classes);
    if (l->span.source != o->span.source)
        diag_note(c->diag, "the output is made in %s:%u", l->span.source->path,
                  (unsigned)l->span.line);
}

static bool check_classes(const struct lower *c, const struct net *net)
{
    const struct layer *l = &net->layers.at[net->outputs.at[0].layer.i];
    const struct shape *s = &l->type.shape, wanted = judged_shape(c, net);
    if (shape_equal(s, &wanted))
        return true;
    char shape[96];
    const struct origin *origin = wanted.rank == 2 ? origin_of_outputs(l, s) : NULL;
    const bool pretrained = recipe_text(c->recipe, FTMRT_PARAM_finetune_weights) != NULL;
    diag_report(c->diag, origin ? origin->span : l->span, DIAG_OUTPUT_CLASSES,
                net->outputs.at[0].name, shape_text(s, shape, sizeof shape),
                classes_text(c, &wanted));
    if (l->path && s->rank == 2 && wanted.rank == 2 && (pretrained || !origin))
        diag_note(c->diag, "give the network a new head: `replace %s with linear(classes)`",
                  l->path);
    if (origin)
        advise_argument(c, origin, l, wanted.dim[1], pretrained);
    if (s->rank == 4 && wanted.rank == 2)
        diag_note(c->diag, "an output that is a map needs labels of kind `mask`");
    return false;
}

static bool check_class_weights(const struct lower *c)
{
    const struct ftmrt_call *loss = recipe_call(c->recipe, FTMRT_PARAM_finetune_loss);
    const struct ftmrt_arg *weights = class_weights(loss);
    if (!weights || weights->kind != FTMRT_ARG_NUMBERS ||
        weights->count == recipe_classes(c->recipe))
        return true;
    diag_report(c->diag, c->recipe->span, DIAG_CLASS_WEIGHTS, weights->count,
                (long long)recipe_classes(c->recipe));
    diag_note(c->diag, "`weight` has a number for each class, in the order of the labels");
    return false;
}

/* The optimizer's op has its name, and scalars the names of parameters. */
static struct optimizer optimizer_of(const struct ftmrt_call *c)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    struct optimizer o = {.op = op_by_name(info->name)};
    o.attrs = call_attrs(o.op, info, c->args);
    for (uint32_t i = 0; i < info->param_count; i++) {
        uint32_t scalar = optimizer_scalar(optimizer_rule(o.op), info->params[i].name);
        if (scalar != UINT32_MAX)
            o.values[scalar] = c->args[i].number;
    }
    return o;
}

static double number_or_0(const struct recipe *r, enum ftmrt_param param)
{
    const struct ftmrt_arg *a = ftmrt_call_arg(&r->bound.finetune, param);
    return a->kind == FTMRT_ARG_NUMBER ? a->number : 0;
}

static void add_groups(struct lower *c)
{
    for (uint32_t i = 0; i < c->recipe->groups.len; i++) {
        const struct recipe_group *g = &c->recipe->groups.at[i];
        const struct optimizer_group group = {g->name, g->lr, g->weight_decay};
        vec_push(c->arena, &c->program->optimizer.groups, group);
    }
}

static bool check_models(struct lower *c, const struct program_model *models, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct net *net = models[i].net;
        if (!check_inputs(c, net) || !bind_check_capacity(c->arena, c->diag, c->recipe, &models[i]))
            return false;
        if (is_judged(&models[i]) &&
            (!check_classes(c, net) || !check_classes(c, net_of_entry(net, FTMRT_ENTRY_TRAIN))))
            return false;
    }
    return true;
}

static bool any_trains(const struct program_model *models, uint32_t count)
{
    bool any = false;
    for (uint32_t i = 0; i < count; i++)
        any = any || models[i].trained;
    return any;
}

bool lower_program(struct arena *arena, struct diag *diag, const struct recipe *r,
                   const struct program_model *models, uint32_t count, struct program **out)
{
    struct lower c = {.arena = arena, .diag = diag, .recipe = r, .own = models};
    if (!check_models(&c, models, count) || !check_class_weights(&c))
        return false;
    c.program =
        program_new(arena, diag, r->bound.name, recipe_integer(r, FTMRT_PARAM_finetune_batch));
    c.program->shards = recipe_integer(r, FTMRT_PARAM_finetune_shards);
    c.program->optimizer = optimizer_of(recipe_call(r, FTMRT_PARAM_finetune_optimizer));
    c.program->optimizer.clip_norm = number_or_0(r, FTMRT_PARAM_finetune_clip_norm);
    c.program->optimizer.clip_value = number_or_0(r, FTMRT_PARAM_finetune_clip_value);
    add_groups(&c);
    for (uint32_t i = 0; i < count; i++) {
        c.model = &models[i];
        add_states(&c);
    }
    const uint32_t phases = any_trains(models, count) ? r->phases : 1;
    for (c.phase = 0; c.phase < phases; c.phase++)
        for (uint32_t i = c.first_layer = 0; i < count;
             c.first_layer += models[i++].net->layers.len) {
            c.model = &models[i];
            if (c.phase > 0 && c.model->teacher)
                continue; /* the same in all */
            if (!lower_entries(&c))
                return false;
        }
    *out = c.program;
    return true;
}
