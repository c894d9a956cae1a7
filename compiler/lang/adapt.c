/* adapt PATTERNS with ADAPTER: layers beside those that the patterns match, whose own parameters are frozen (freezing.c).
 *
 * A pattern that matches a layer itself, by its label, must fit: what cannot be adapted is an error. A kind, or one that matches a
 * block around it, takes those of the layers that can be. */
#include "adapt.h"

#include <string.h>

#include "recipe_reader.h"
#include "str.h"

static const struct {
    const char *name;
    const struct adapter_rules *rules;
} rows[] = {
#define ADAPTER_ROW_ADAPTER(name) {#name, &adapter_##name},
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) ADAPTER_ROW_##category(name)
#include "layers.def"
};

static const struct adapter_rules *rules_of(const struct bound_call *c)
{
    for (uint32_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].name, c->info->name))
            return rows[i].rules;
    FTM_BUG("no adapter '%s'", c->info->name);
}

/* ---- layers that an adapter builds ---- */

struct bound_call *adapter_call(const struct adapting *a, const struct ftmrt_call_info *row)
{
    struct arena *arena = a->builder->arena;
    struct bound_call *c = arena_new(arena, struct bound_call);
    *c = (struct bound_call){.info = row,
                             .args = arena_array(arena, struct value, row->param_count),
                             .spans = arena_array(arena, struct span, row->param_count),
                             .span = a->call->span};
    return c;
}

struct bound_call *adapter_call_like(const struct adapting *a, const struct layer *like)
{
    struct bound_call *c = adapter_call(a, like->row);
    memcpy(c->args, like->args, like->row->param_count * sizeof *c->args);
    return c;
}

struct value *adapter_argument(const struct bound_call *c, const char *name)
{
    for (uint32_t i = 0; i < c->info->param_count; i++)
        if (!strcmp(c->info->params[i].name, name))
            return &c->args[i];
    return NULL;
}

layer_id adapter_layer(const struct adapting *a, struct bound_call *c, const char *label)
{
    struct builder *b = a->builder;
    struct frame frame = {.decl = b->files->finetune, .scope = net_layer(b->net, a->base)->path};
    struct label text = {.span = c->span};
    const struct expr e = {
        .kind = EXPR_CALL, .text = c->info->name, .span = c->span, .label = label ? &text : NULL};
    if (label)
        vec_push(b->arena, &text.parts, (struct label_part){.text = label});
    const struct value v = layer_call(b, &frame, &e, c);
    return v.kind == VALUE_TENSOR ? v.tensor : LAYER_NONE;
}

/* ---- which layers ---- */

/* A statement while its patterns are tried, on the layers that were there before it. */
struct adaptation {
    struct recipe_reader *r;
    struct layer_adapter *adapter;
    const struct adapter_rules *rules;
    bool *chosen; /* [count], by layer */
    uint32_t count;
};

/* By its label, not by its kind or a block around it. */
static bool is_named(const struct pattern *p, const struct layer *l)
{
    return !p->is_kind && str_path_match(p->text, l->path);
}

static const char *defect_of(const struct adaptation *a, const struct layer *l)
{
    const char *defect = a->rules->defect(a->r->builder->net, l);
    return !defect && l->added ? "the recipe adds it, so that it trains as it is" : defect;
}

/* Whether the pattern at hand means the layer and it can be adapted; reports where it cannot. */
static bool choose(struct adaptation *a, const struct pattern *p, const struct layer *l)
{
    const char *defect = defect_of(a, l);
    if (!defect && l->adapt) {
        diag_report(a->r->diag, p->span, DIAG_ADAPT_TWICE, l->path);
        diag_note(a->r->diag, "the first time is in line %u", l->adapt->stmt->span.line);
    } else if (defect && is_named(p, l)) {
        diag_report(a->r->diag, p->span, DIAG_ADAPT_LAYER, l->path, layer_kind(l), defect);
        diag_note(a->r->diag,
                  "a kind, the name of a block, or `all` takes those of its layers that can be");
    }
    return !defect && !l->adapt;
}

static void choose_all(struct adaptation *a, const struct pattern *p)
{
    bool met = false, any = false;
    const uint32_t errors = a->r->diag->errors;
    if (!p->is_kind && !check_pattern(a->r, p->text, p->span))
        return;
    for (uint32_t i = 0; i < a->count && a->r->diag->errors == errors; i++) {
        const struct layer *l = &a->r->builder->net->layers.at[i];
        if (!l->param_count || (l->adapt && l->added) || !pattern_matches_layer(a->r, p, l))
            continue;
        met = true;
        if (choose(a, p, l))
            any = a->chosen[i] = true;
    }
    if (a->r->diag->errors > errors || any)
        return;
    if (met)
        diag_report(a->r->diag, p->span, DIAG_ADAPT_NONE, p->text, a->adapter->call->info->name);
    else
        report_unmatched(a->r, RECIPE_ADAPT, p);
}

/* ---- adapting ---- */

/* Lets what read the base, and was there before, read the adapted value. */
static void rewire(const struct adaptation *a, layer_id from, layer_id to)
{
    struct net *net = a->r->builder->net;
    for (uint32_t i = 0; i < a->count; i++) {
        struct layer *l = &net->layers.at[i];
        for (uint32_t k = 0; k < l->input_count; k++)
            if (l->inputs[k].i == from.i)
                l->inputs[k] = to;
    }
    for (uint32_t i = 0; i < net->outputs.len; i++)
        if (net->outputs.at[i].layer.i == from.i)
            net->outputs.at[i].layer = to;
}

static bool adapt(const struct adaptation *a, uint32_t base)
{
    struct net *net = a->r->builder->net;
    const struct adapting one = {a->r->builder, a->adapter->call, {base}};
    const uint32_t before = net->layers.len;
    const layer_id value = a->rules->build(&one);
    net->layers.at[base].adapt = a->adapter;
    for (uint32_t i = before; i < net->layers.len; i++)
        net->layers.at[i].adapt = a->adapter;
    if (value.i == LAYER_NONE.i)
        return false;
    rewire(a, one.base, value);
    return true;
}

bool adapt_layers(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *stmt)
{
    struct adaptation a = {.r = r, .count = r->builder->net->layers.len};
    const uint32_t errors = r->diag->errors;
    const struct bound_call *call = setting_call(r->builder, scope, stmt->values->list.at[0],
                                                 FTMRT_CATEGORY_ADAPTER, "'adapt'");
    if (!call)
        return false;
    a.adapter = arena_new(r->arena, struct layer_adapter);
    *a.adapter = (struct layer_adapter){stmt, call};
    a.rules = rules_of(call);
    a.chosen = arena_array(r->arena, bool, a.count);
    for (uint32_t i = 0; i < stmt->patterns->list.len; i++)
        choose_all(&a, &stmt->patterns->list.at[i]);
    bool ok = r->diag->errors == errors;
    for (uint32_t i = 0; i < a.count && ok; i++)
        ok = !a.chosen[i] || adapt(&a, i);
    return ok;
}
