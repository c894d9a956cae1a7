/* Layers: from bound calls to struct layer of the network, their parameters and their nodes, and `set name.attr = value`.
 */
#include "layer.h"

#include <string.h>

#include "op.h"
#include "query.h"
#include "rounding.h"
#include "str.h"

/* ---- rows ---- */

static const struct {
    const char *name;
    const struct layer_rules *rules;
} rows[] = {
#define LAYER_ROW_LAYER(name) {#name, &rules_##name},
#define LAYER_ROW_INIT(name)
#define LAYER_ROW_ADAPTER(name)
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) LAYER_ROW_##category(name)
#include "layers.def"
};

/* The rules of a layer with parameters; NULL for one that is an op. */
static const struct layer_rules *rules_of(const struct ftmrt_call_info *row)
{
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].name, row->name))
            return rows[i].rules;
    return NULL;
}

const char *layer_kind(const struct layer *l) { return l->row ? l->row->name : "input"; }

const char *layer_variable(const struct layer *l, const char *scope)
{
    for (const struct layer_name *n = l->names; n; n = n->next)
        if (!strcmp(n->scope, scope))
            return n->name;
    return NULL;
}

bool layer_is_part(const struct layer *l) { return l->row && !l->row->pytorch; }

/* ---- arguments ---- */

int64_t layer_int(const struct layer *l, uint32_t arg) { return l->args[arg].integer; }

bool layer_bool(const struct layer *l, uint32_t arg) { return l->args[arg].integer != 0; }

int64_t layer_pair(const struct layer *l, uint32_t arg, int axis)
{
    return l->args[arg].items[axis].integer;
}

/* ---- parameters ---- */

/* The initial value that a call of category INIT names (init.def). */
static enum ftmrt_init init_of(const struct bound_call *c)
{
    static const char *const names[] = {
#define FTMRT_INIT(name, text, meaning) [FTMRT_INIT_##name] = text,
#include "init.def"
#undef FTMRT_INIT
    };
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], c->info->name))
            return (enum ftmrt_init)i;
    FTM_BUG("no initial value '%s'", c->info->name);
}

void param_weight(struct param_list *p, struct shape shape, uint32_t init_arg)
{
    const struct bound_call *init = p->layer->args[init_arg].call;
    struct layer_param *w = vec_add(p->arena, &p->params);
    *w = (struct layer_param){.name = "weight", .type = {FTMRT_F32, shape}, .fan_in = 1};
    w->init = init_of(init);
    w->init_arg = init->info->param_count ? call_float(init, 0) : 0;
    for (uint32_t i = 1; i < shape.rank; i++)
        w->fan_in *= shape.dim[i];
}

void param_bias(struct param_list *p, int64_t length)
{
    const struct layer_param w = p->params.at[0];
    struct layer_param *b = vec_add(p->arena, &p->params);
    *b = (struct layer_param){
        .name = "bias", .type = {FTMRT_F32, shape_1d(length)}, .fan_in = w.fan_in};
    b->init = w.init == FTMRT_INIT_DEFAULT ? FTMRT_INIT_DEFAULT : FTMRT_INIT_ZEROS;
}

void param_free(struct param_list *p, const char *name, struct shape shape, enum ftmrt_init init,
                double init_arg)
{
    struct layer_param *f = vec_add(p->arena, &p->params);
    *f = (struct layer_param){
        .name = name, .type = {FTMRT_F32, shape}, .init = init, .init_arg = init_arg, .fan_in = 1};
}

void param_channels(struct param_list *p, const char *name, enum layer_param_kind kind,
                    enum ftmrt_init init)
{
    struct layer_param *c = vec_add(p->arena, &p->params);
    *c = (struct layer_param){.name = name,
                              .kind = kind,
                              .type = {FTMRT_F32, shape_1d(p->x->dim[1])},
                              .init = init,
                              .fan_in = 1};
}

void param_counter(struct param_list *p, const char *name)
{
    struct layer_param *c = vec_add(p->arena, &p->params);
    *c = (struct layer_param){.name = name,
                              .kind = LAYER_COUNTER,
                              .type = {FTMRT_I64, shape_scalar()},
                              .init = FTMRT_INIT_ZEROS,
                              .fan_in = 1};
}

const char *layer_param_key(struct arena *arena, const struct layer *l, const struct layer_param *p)
{
    return *p->name ? arena_printf(arena, "%s.%s", l->path, p->name) : l->path;
}

bool layer_param_moves(const struct layer *l, const struct layer_param *p)
{
    return p->trainable || (p->kind != LAYER_PARAMETER && layer_statistics(l));
}

uint32_t layer_statistics(const struct layer *l)
{
    bool statistics = false;
    uint32_t trains = 0;
    for (uint32_t i = 0; i < l->param_count; i++) {
        statistics = statistics || l->params[i].kind == LAYER_STATISTIC;
        trains |= l->params[i].trainable;
    }
    return statistics ? trains & ~l->frozen & ~l->stats_frozen : 0;
}

int64_t work_of_weight(const struct layer *l)
{
    return shape_elements(&l->type.shape, 1) * l->params[0].fan_in;
}

bool layer_rows_are_outputs(const struct layer *l)
{
    return l->rules && l->rules->rows_are_outputs;
}

int64_t layer_work(const struct layer *l)
{
    return l->rules && l->rules->work ? l->rules->work(l) : 0;
}

/* ---- nodes ---- */

static void same_padding(struct attrs *a, const int64_t kernel[2], const struct shape *x)
{
    for (int axis = 0; axis < 2 && x->rank == 4; axis++) {
        const int64_t in = x->dim[2 + axis], stride = a->stride[axis] ? a->stride[axis] : 1;
        const int64_t dilation = a->dilation[axis] ? a->dilation[axis] : 1;
        const int64_t reach = dilation * (kernel[axis] - 1) + 1;
        int64_t total = (ceil_div(in, stride) - 1) * stride + reach - in;
        if (total < 0)
            total = 0;
        a->padding[axis] = total / 2;
        a->padding[2 + axis] = total - total / 2;
    }
}

struct attrs site_attrs(const struct layer_site *s, enum op op, const int64_t kernel[2])
{
    const struct layer *l = s->layer;
    struct arena *arena = s->graph->program->arena;
    struct ftmrt_arg *args = arena_array(arena, struct ftmrt_arg, l->row->param_count);
    bool same = false;
    for (uint32_t i = 0; i < l->row->param_count; i++) {
        args[i] = plain_arg(arena, &l->args[i]);
        same = same ||
               (l->row->params[i].type == FTMRT_TYPE_PADDING && l->args[i].kind == VALUE_SYMBOL);
    }
    struct attrs a = call_attrs(op, l->row, args);
    if (!a.stride[0]) /* a pool's, which may be left out */
        memcpy(a.stride, a.kernel, sizeof a.stride);
    if (same)
        same_padding(&a, kernel ? kernel : a.kernel, graph_shape(s->graph, s->inputs[0]));
    return a;
}

value_id site_param(struct layer_site *s, uint32_t i)
{
    return s->first_state == NO_STATE ? graph_constant(s->graph, 0, s->layer->params[i].type)
                                      : graph_state(s->graph, (uint32_t)s->first_state + i);
}

value_id site_add(struct layer_site *s, enum op op, const struct attrs *attrs,
                  const value_id *inputs, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!value_valid(inputs[i]))
            return VALUE_NONE;
    return graph_add(s->graph, op, inputs, count, attrs, s->layer->span, s->layer->path);
}

bool layer_draws(const struct layer *l)
{
    return l->row && !l->rules && (op_info(op_by_name(l->row->name))->flags & OP_RANDOM);
}

/* An operand that may be broadcast; a parameter is brought to the form that the op takes. */
static value_id broadcast(struct layer_site *s, value_id v)
{
    char first[128], other[128];
    const struct shape *shape = graph_shape(s->graph, v), *x = graph_shape(s->graph, s->inputs[0]);
    if (shape_batched(shape))
        return v;
    const value_id operand = broadcast_operand(s->graph, s->inputs[0], v, s->layer->channels_last);
    if (!value_valid(operand))
        diag_report(s->graph->program->diag, s->layer->span, DIAG_SHAPE_DIFFERENT,
                    layer_kind(s->layer), shape_text(x, first, sizeof first),
                    shape_text(shape, other, sizeof other));
    return operand;
}

/* Whether an operand of an op is a number that is written. */
static bool is_number(const struct layer *l, uint32_t operand)
{
    return operand < l->row->param_count && l->row->params[operand].type == FTMRT_TYPE_TENSOR &&
           (l->args[operand].kind == VALUE_INT || l->args[operand].kind == VALUE_FLOAT);
}

/* A number as an operand: by itself where the op broadcasts it, else for each element of what the layer reads. */
static value_id number(struct layer_site *s, enum op op, uint32_t operand)
{
    const struct value *v = &s->layer->args[operand];
    struct type t = {FTMRT_F32, shape_scalar()};
    if (op_operand(op, operand) != 'b')
        t = graph_node(s->graph, s->inputs[0])->type;
    return graph_constant(s->graph, v->kind == VALUE_INT ? (double)v->integer : v->real, t);
}

/* The operands of an op in its order, of which numbers are no inputs of the layer. */
static uint32_t op_inputs(struct layer_site *s, enum op op, value_id *inputs)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->layer->input_count || is_number(s->layer, count); count++) {
        if (is_number(s->layer, count)) {
            inputs[count] = number(s, op, count);
            continue;
        }
        inputs[count] = op_operand(op, count) == 'b' ? broadcast(s, s->inputs[i]) : s->inputs[i];
        i++;
    }
    return count;
}

static value_id lower_op(struct layer_site *s)
{
    const struct layer *l = s->layer;
    const bool draws = layer_draws(l);
    if (draws && !s->draws)
        return s->inputs[0];
    const enum op op = op_by_name(l->row->name);
    struct attrs a = site_attrs(s, op, NULL);
    a.layer = draws ? s->number : 0;
    value_id *inputs = arena_array(s->graph->program->arena, value_id,
                                   (size_t)l->input_count + l->row->param_count);
    const uint32_t count = op_inputs(s, op, inputs);
    return site_add(s, op, &a, inputs, count);
}

static const value_id *inputs_as_seen(const struct layer_site *s)
{
    const struct layer *l = s->layer;
    value_id *inputs = arena_array(s->graph->program->arena, value_id, l->input_count);
    for (uint32_t i = 0; i < l->input_count; i++)
        inputs[i] = l->inputs_last[i] ? permute_as_seen(s->graph, s->inputs[i]) : s->inputs[i];
    return inputs;
}

value_id layer_lower(struct layer_site *s)
{
    const struct layer *l = s->layer;
    for (uint32_t i = 0; i < l->input_count; i++)
        if (!value_valid(s->inputs[i]))
            return VALUE_NONE;
    const value_id *as_they_lie = s->inputs;
    if (l->reads_seen)
        s->inputs = inputs_as_seen(s);
    const value_id y = l->rules ? l->rules->lower(s) : lower_op(s);
    s->inputs = as_they_lie;
    return y;
}

/* ---- calls ---- */

/* Whether the layer has parameters, as its arguments say. */
static bool has_parameters(const struct builder *b, const struct layer *l)
{
    if (!l->rules || !l->rules->params)
        return false;
    struct param_list list = {.arena = b->arena, .layer = l, .x = net_first_shape(b->net, l)};
    l->rules->params(&list);
    return list.params.len > 0;
}

static bool check_label(struct builder *b, const struct layer *l, const struct expr *e)
{
    if (!l->path && has_parameters(b, l)) {
        diag_report(b->diag, e->span, DIAG_NO_LABEL, e->text);
        diag_note(b->diag,
                  "write `name: %s(...)`; the name is the key of its weight in the state dict",
                  e->text);
        return false;
    }
    if (!l->path || !map_get(&b->paths, l->path))
        return true;
    diag_report(b->diag, e->label ? e->label->span : e->span, DIAG_DUPLICATE_PATH, l->path);
    for (uint32_t i = 0; i < b->net->layers.len; i++) {
        const struct layer *other = &b->net->layers.at[i];
        if (other->path && !other->dead && !strcmp(other->path, l->path) && other->span.source)
            diag_note(b->diag, "the other one is in %s, line %u", other->span.source->path,
                      other->span.line);
    }
    return false;
}

/* The values that a layer reads: its arguments that are values of layers, in order. */
static void set_inputs(struct arena *arena, struct layer *l)
{
    VEC(layer_id) inputs = {0};
    for (uint32_t i = 0; i < l->row->param_count; i++) {
        const struct value *v = &l->args[i];
        if (v->kind == VALUE_TENSOR)
            vec_push(arena, &inputs, v->tensor);
        for (uint32_t k = 0; l->row->params[i].type == FTMRT_TYPE_TENSORS && k < v->count; k++)
            vec_push(arena, &inputs, v->items[k].tensor);
    }
    l->inputs = inputs.at;
    l->input_count = inputs.len;
}

/* The layer that takes one result out of a layer with several. */
static struct layer part_layer(struct builder *b, const struct layer *of, layer_id id,
                               int64_t index)
{
    static const struct ftmrt_param_info params[] = {{.name = "index", .type = FTMRT_TYPE_INT}};
    struct ftmrt_call_info *row = arena_new(b->arena, struct ftmrt_call_info);
    *row = (struct ftmrt_call_info){.name = op_info(OP_part)->name,
                                    .category = FTMRT_CATEGORY_LAYER,
                                    .param_count = 1,
                                    .params = params};
    struct value *args = arena_array(b->arena, struct value, 1);
    args[0] = value_int(index);
    struct layer l = {
        .row = row, .args = args, .scope = of->scope, .block = of->block, .span = of->span};
    l.inputs = arena_array(b->arena, layer_id, 1);
    l.inputs[0] = id;
    l.input_count = 1;
    return l;
}

/* What a layer's call gives: its value, or the list of its results. */
static struct value layer_value(struct builder *b, layer_id id)
{
    const uint32_t count = node_parts(b->scratch, graph_node(b->scratch, b->values.at[id.i]));
    if (!count)
        return value_tensor(id);
    struct value list = {
        .kind = VALUE_LIST, .items = arena_array(b->arena, struct value, count), .count = count};
    for (uint32_t i = 0; i < count; i++) {
        const layer_id part = net_add(b, part_layer(b, net_layer(b->net, id), id, i));
        if (part.i == LAYER_NONE.i)
            return value_error();
        list.items[i] = value_tensor(part);
    }
    return list;
}

struct value layer_call(struct builder *b, struct frame *frame, const struct expr *e,
                        struct bound_call *c)
{
    struct layer l = {.row = c->info,
                      .rules = rules_of(c->info),
                      .args = c->args,
                      .scope = frame->scope,
                      .block = frame->block,
                      .span = e->span};
    if (e->label) {
        l.path = eval_label(b, frame, e->label);
        if (!l.path)
            return value_error();
    }
    set_inputs(b->arena, &l);
    if (!check_label(b, &l, e))
        return value_error();
    layer_id id = net_add(b, l);
    return id.i == LAYER_NONE.i ? value_error() : layer_value(b, id);
}

/* Whether a parameter of the layer's call may be set afterwards. */
static bool settable(const struct ftmrt_param_info *p)
{
    return p->type != FTMRT_TYPE_TENSOR && p->type != FTMRT_TYPE_TENSORS &&
           p->type != FTMRT_TYPE_INIT;
}

static void report_attribute(struct builder *b, const struct layer *l,
                             const struct ftmrt_call_info *info, const char *attr, struct span span)
{
    diag_report(b->diag, span, DIAG_SET_ATTRIBUTE, l->path, layer_kind(l), attr);
    const char **names = arena_array(b->arena, const char *, info ? info->param_count : 0);
    uint32_t n = 0;
    struct strbuf all;
    strbuf_init(&all, b->arena);
    for (uint32_t i = 0; info && i < info->param_count; i++)
        if (settable(&info->params[i])) {
            names[n++] = info->params[i].name;
            strbuf_addf(&all, "%s%s", all.len ? ", " : "", names[n - 1]);
        }
    const char *near = n ? str_nearest(attr, names, n) : NULL;
    if (near)
        diag_note(b->diag, "did you mean '%s'?", near);
    else if (n)
        diag_note(b->diag, "it has: %s", all.text);
}

static void set_argument(struct arena *arena, struct layer *l, uint32_t i, const struct value *v)
{
    struct value *args = arena_array(arena, struct value, l->row->param_count);
    memcpy(args, l->args, sizeof *args * l->row->param_count);
    args[i] = *v;
    l->args = args;
}

/* The parameter of the layer's call that `set` may change under that name, or NULL. */
static const struct ftmrt_param_info *find_settable(const struct layer *l, const char *attr)
{
    for (uint32_t i = 0; l->row && i < l->row->param_count; i++)
        if (!strcmp(l->row->params[i].name, attr) && settable(&l->row->params[i]))
            return &l->row->params[i];
    return NULL;
}

bool layer_settable(const struct layer *l, const char *attr) { return find_settable(l, attr); }

bool layer_set(struct builder *b, struct frame *frame, struct layer *l, const char *attr,
               const struct recipe_stmt *stmt)
{
    const struct expr *e = stmt->values->list.at[0];
    const struct ftmrt_call_info *info = l->row;
    const struct ftmrt_param_info *p = find_settable(l, attr);
    if (p && l->adapt) {
        diag_report(b->diag, stmt->name_span, DIAG_ADAPT_SET, l->path);
        diag_note(
            b->diag,
            "write `set` before `adapt`, which gives the layers beside it the same attributes");
        return false;
    }
    if (!p) {
        report_attribute(b, l, info, attr, stmt->name_span);
        return false;
    }
    struct ftmrt_call_info one = {
        .name = info->name, .category = info->category, .param_count = 1, .params = p};
    struct args args = {0};
    vec_push(b->arena, &args.list,
             (struct arg){.name = attr, .value = (struct expr *)e, .span = e->span});
    struct expr call = {.kind = EXPR_CALL, .text = info->name, .args = &args, .span = e->span};
    struct bound_call *bound = call_bind(b, frame, &one, &call, NULL);
    if (bound)
        set_argument(b->arena, l, (uint32_t)(p - info->params), &bound->args[0]);
    return bound != NULL;
}
