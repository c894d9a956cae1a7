/* The edits of a recipe: replace, insert, remove, set and adapt (adapt.c), in the order written, before all freezing.
 *
 * A name means a layer, or all layers of a block. It can be edited if one of its values is used
 * outside it: that value is what `after`, `replace` and `remove` mean; `before` means its only
 * input. After each edit dead layers are dropped, all types are inferred again, and pretrained
 * weights must have kept their shapes. */
#include "recipe_reader.h"

#include <string.h>

#include "str.h"

/* What an edit names: its layers, and its borders. */
struct selection {
    const char *name;
    bool *inside;          /* by layer */
    uint32_t count;        /* of layers before the edit */
    layer_id value, input; /* used outside; read from outside */
};

static const char *layer_title(struct recipe_reader *r, uint32_t i)
{
    const struct layer *l = &r->builder->net->layers.at[i];
    if (l->path)
        return l->path;
    return arena_printf(r->arena, "%s in line %u", layer_kind(l), l->span.line);
}

/* Marks layers that layers of the other side read: from inside those outside read (values), or the
 * reverse (inputs). */
static uint32_t border(const struct recipe_reader *r, const struct selection *s, bool values,
                       bool *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct layer *l = &r->builder->net->layers.at[i];
        for (uint32_t k = 0; k < l->input_count; k++) {
            uint32_t in = l->inputs[k].i;
            if (s->inside[i] != s->inside[in] && s->inside[in] == values && !out[in]) {
                out[in] = true;
                n++;
            }
        }
    }
    for (uint32_t i = 0; values && i < r->builder->net->outputs.len; i++) {
        uint32_t last = r->builder->net->outputs.at[i].layer.i;
        if (s->inside[last] && !out[last]) {
            out[last] = true;
            n++;
        }
    }
    return n;
}

/* The only layer of a border; reports otherwise, showing the candidates. */
static bool single(struct recipe_reader *r, const struct selection *s, bool values,
                   struct span span, layer_id *out)
{
    bool *marked = arena_array(r->arena, bool, s->count);
    uint32_t n = border(r, s, values, marked);
    if (n != 1)
        diag_report(r->diag, span, values ? DIAG_EDIT_VALUES : DIAG_EDIT_INPUTS, s->name, n);
    struct strbuf names;
    strbuf_init(&names, r->arena);
    for (uint32_t i = 0; i < s->count; i++)
        if (marked[i]) {
            out->i = i;
            strbuf_addf(&names, "%s%s", names.len ? ", " : "", layer_title(r, i));
        }
    if (n > 1)
        diag_note(r->diag, "candidates: %.300s", names.text);
    return n == 1;
}

/* What adapts a layer is that layer's: an edit means all of it. false after a report. */
static bool check_inside(struct recipe_reader *r, const struct recipe_stmt *stmt)
{
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        const struct layer *l = &r->builder->net->layers.at[i];
        if (!l->adapt || l->added || !strcmp(l->path, stmt->name) ||
            !str_path_within(stmt->name, l->path))
            continue;
        diag_report(r->diag, stmt->name_span, DIAG_ADAPT_INSIDE, stmt->name, l->path);
        diag_note(r->diag, "edit '%s', or write another `adapt`", l->path);
        return false;
    }
    return true;
}

static bool select_name(struct recipe_reader *r, const struct recipe_stmt *stmt,
                        struct selection *s)
{
    *s = (struct selection){.name = stmt->name,
                            .count = r->builder->net->layers.len,
                            .value = LAYER_NONE,
                            .input = LAYER_NONE};
    s->inside = arena_array(r->arena, bool, s->count);
    bool any = false;
    for (uint32_t i = 0; i < s->count; i++)
        any |= s->inside[i] = layer_within(&r->builder->net->layers.at[i], stmt->name);
    if (!any) {
        report_unknown_layer(r->builder, stmt->name, stmt->name_span);
        return false;
    }
    if (!check_inside(r, stmt))
        return false;
    bool value = stmt->kind != RECIPE_INSERT_BEFORE, input = stmt->kind != RECIPE_INSERT_AFTER;
    bool ok = !value || single(r, s, true, stmt->name_span, &s->value);
    return (!input || single(r, s, false, stmt->name_span, &s->input)) && ok;
}

/* Lets the layers on one side of the border read `to` instead of `from`. */
static void rewire(struct recipe_reader *r, const struct selection *s, bool inside, layer_id from,
                   layer_id to)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct layer *l = &r->builder->net->layers.at[i];
        uint32_t inputs = s->inside[i] == inside ? l->input_count : 0;
        for (uint32_t k = 0; k < inputs; k++)
            if (l->inputs[k].i == from.i)
                l->inputs[k] = to;
    }
    for (uint32_t i = 0; !inside && i < r->builder->net->outputs.len; i++)
        if (r->builder->net->outputs.at[i].layer.i == from.i)
            r->builder->net->outputs.at[i].layer = to;
}

/* Takes the selected layers out, or back in; their labels can be used again meanwhile. */
static void set_dead(struct recipe_reader *r, const struct selection *s, bool dead)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct layer *l = &r->builder->net->layers.at[i];
        if (!s->inside[i])
            continue;
        l->dead = dead;
        if (l->path)
            map_set(&r->builder->paths, l->path, dead ? NULL : r->builder->net);
    }
}

/* Builds the new layer or block on a value. LAYER_NONE after a report. */
static layer_id build(struct recipe_reader *r, struct frame *scope, const struct expr *call,
                      const char *label, layer_id on)
{
    struct expr named = *call;
    struct label text = {.span = call->span};
    if (label) {
        vec_push(r->arena, &text.parts, (struct label_part){.text = label});
        named.label = &text;
    }
    struct value input = value_tensor(on);
    struct value v = eval_call(r->builder, scope, &named, &input);
    if (v.kind == VALUE_TENSOR)
        return v.tensor;
    if (v.kind != VALUE_ERROR)
        diag_report(r->diag, call->span, DIAG_WRONG_TYPE, "new layer", "a layer or a block",
                    value_text(r->arena, &v));
    return LAYER_NONE;
}

static bool replace(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *stmt,
                    const struct selection *s)
{
    set_dead(r, s, true);
    layer_id made = build(r, scope, stmt->values->list.at[0], stmt->name, s->input);
    if (made.i == LAYER_NONE.i) {
        set_dead(r, s, false);
        return false;
    }
    rewire(r, s, false, s->value, made);
    return true;
}

static bool insert(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *stmt,
                   const struct selection *s)
{
    bool after = stmt->kind == RECIPE_INSERT_AFTER;
    layer_id at = after ? s->value : s->input;
    layer_id made = build(r, scope, stmt->values->list.at[0], NULL, at);
    if (made.i == LAYER_NONE.i)
        return false;
    rewire(r, s, !after, at, made);
    return true;
}

/* Of a kind, by a pattern of names, or in a block. */
static bool is_meant(const struct layer *l, const struct pattern *p)
{
    if (l->dead || !l->path)
        return false;
    if (p->is_kind)
        return !strcmp(layer_kind(l), p->text);
    return strpbrk(p->text, "*[") ? str_path_match(p->text, l->path) : layer_within(l, p->text);
}

/* Sets the attribute of every layer that is meant and has it. */
static bool set_in_all(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *stmt,
                       const struct pattern *p, const char *attr)
{
    bool any = false, some = false, ok = true;
    if (!p->is_kind && !check_pattern(r, p->text, p->span))
        return false;
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        struct layer *l = &r->builder->net->layers.at[i];
        const bool meant = is_meant(l, p), has = meant && layer_settable(l, attr);
        any |= meant;
        some |= has;
        ok = !has || (ok && layer_set(r->builder, scope, l, attr, stmt));
    }
    if (!any)
        report_unmatched(r, RECIPE_SET, p);
    else if (!some)
        diag_report(r->diag, stmt->name_span, DIAG_SET_BLOCK, p->text, attr);
    return some && ok;
}

static bool set_attribute(struct recipe_reader *r, struct frame *scope,
                          const struct recipe_stmt *stmt)
{
    const char *dot = strrchr(stmt->name, '.');
    if (!dot) {
        diag_report(r->diag, stmt->name_span, DIAG_SYNTAX,
                    "`set` changes an attribute: write `set layer.attribute = value`");
        return false;
    }
    const char *path = arena_strndup(r->arena, stmt->name, (size_t)(dot - stmt->name));
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        struct layer *l = &r->builder->net->layers.at[i];
        if (l->path && !strcmp(l->path, path))
            return layer_set(r->builder, scope, l, dot + 1, stmt);
    }
    const struct pattern named = {.text = path, .span = stmt->name_span};
    return set_in_all(r, scope, stmt, stmt->patterns ? &stmt->patterns->list.at[0] : &named,
                      dot + 1);
}

/* ---- checks after an edit ---- */

/* What a layer of the model had before the edit; its parameters are listed anew behind it. */
struct kept {
    const struct layer_param *params;
    uint32_t count;
};

/* By path. */
static struct map kept_params(struct recipe_reader *r)
{
    struct map m;
    map_init(&m, r->arena);
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        const struct layer *l = &r->builder->net->layers.at[i];
        if (l->added || !l->param_count)
            continue;
        struct kept *k = arena_new(r->arena, struct kept);
        *k = (struct kept){l->params, l->param_count};
        map_set(&m, l->path, k);
    }
    return m;
}

/* The first parameter whose tensor no longer fits, or NULL; *was: what it was. */
static const struct layer_param *changed_param(const struct layer *l, const struct kept *k,
                                               const struct layer_param **was)
{
    for (uint32_t i = 0; i < l->param_count; i++)
        for (uint32_t m = 0; m < k->count; m++) {
            *was = &k->params[m];
            if (!strcmp(l->params[i].name, (*was)->name) &&
                !shape_equal(&l->params[i].type.shape, &(*was)->type.shape))
                return &l->params[i];
        }
    return NULL;
}

static bool check_params(struct recipe_reader *r, const struct recipe_stmt *stmt,
                         const struct map *before)
{
    for (uint32_t i = 0; i < r->builder->net->layers.len; i++) {
        const struct layer *l = &r->builder->net->layers.at[i];
        const struct kept *k = l->added || !l->param_count ? NULL : map_get(before, l->path);
        const struct layer_param *was = NULL, *now = k ? changed_param(l, k, &was) : NULL;
        if (!now)
            continue;
        char old_text[128], new_text[128];
        diag_report(r->diag, stmt->span, DIAG_EDIT_PRETRAINED, layer_param_key(r->arena, l, now),
                    shape_text(&was->type.shape, old_text, sizeof old_text),
                    shape_text(&now->type.shape, new_text, sizeof new_text));
        diag_note(r->diag,
                  "keep the shape, or replace %s too: a new layer takes no tensor from the file",
                  l->path);
        return false;
    }
    return true;
}

static bool is_edit(const struct recipe_stmt *stmt)
{
    return stmt->kind >= RECIPE_REPLACE && stmt->kind <= RECIPE_SET;
}

static bool apply(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *stmt)
{
    struct selection s;
    if (stmt->kind == RECIPE_SET)
        return set_attribute(r, scope, stmt);
    if (stmt->kind == RECIPE_ADAPT)
        return adapt_layers(r, scope, stmt);
    if (!select_name(r, stmt, &s))
        return false;
    if (stmt->kind == RECIPE_REPLACE)
        return replace(r, scope, stmt, &s);
    if (stmt->kind != RECIPE_REMOVE)
        return insert(r, scope, stmt, &s);
    rewire(r, &s, false, s.value, s.input);
    set_dead(r, &s, true);
    return true;
}

/* One edit and what follows from it. false: what comes behind it makes no sense any more; an edit
 * that could not be applied leaves the network as it was, which is enough to check the next ones,
 * unless they name what it inserts. */
static bool edit(struct recipe_reader *r, struct frame *scope, const struct recipe_stmt *stmt)
{
    struct map before = kept_params(r);
    bool applied = apply(r, scope, stmt);
    net_sort(r->builder, false);
    if (!applied)
        return stmt->kind != RECIPE_INSERT_AFTER && stmt->kind != RECIPE_INSERT_BEFORE;
    if (!net_infer(r->builder)) {
        diag_note(r->diag, "after `%s` in line %u", stmt->text, stmt->span.line);
        return false;
    }
    return !recipe_text(r->recipe, FTMRT_PARAM_finetune_weights) || check_params(r, stmt, &before);
}

bool read_edits(struct recipe_reader *r, struct frame *scope)
{
    const struct recipe_stmts *stmts = r->files->finetune->recipe;
    r->builder->adding = true;
    for (uint32_t i = 0; i < stmts->list.len; i++)
        if (is_edit(stmts->list.at[i]) && !edit(r, scope, stmts->list.at[i]))
            return false;
    return true;
}
