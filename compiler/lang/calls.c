/* Binding arguments to the rows of calls (call_rows.c): every argument is matched, typed and
 * range-checked here, so that what runs behind sees complete calls only. */
#include "calls.h"

#include <string.h>

#include "str.h"

#include "argument.h"
#include "builder.h"
#include "habits.h"

/* Checks and stores argument i. */
static bool store(struct builder *b, struct bound_call *c, uint32_t i, struct value v,
                  struct span span)
{
    const struct ftmrt_param_info *p = &c->info->params[i];
    c->spans[i] = span;
    c->args[i] = v;
    return argument_check(b, p, arena_printf(b->arena, "'%s' of %s", p->name, c->info->name),
                          &c->args[i], span);
}

/* ---- binding ---- */

uint32_t match_argument(struct builder *b, const char *callee, const char *const *names,
                        uint32_t count, const struct arg *arg, uint32_t position, bool implicit)
{
    implicit = implicit && count > 0;
    if (!arg->name) {
        if (position < count)
            return position;
        diag_report(b->diag, arg->span, DIAG_TOO_MANY_ARGUMENTS, callee, count - implicit);
        if (implicit)
            diag_note(
                b->diag,
                "in an edit the layer's input is not written: it is the value that is edited");
        return count;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!strcmp(names[i], arg->name))
            return i;
    diag_report(b->diag, arg->span, DIAG_UNKNOWN_ARGUMENT, callee, arg->name);
    const char *near = str_nearest(arg->name, names, count);
    struct strbuf all;
    strbuf_init(&all, b->arena);
    for (uint32_t i = implicit; i < count; i++)
        strbuf_addf(&all, "%s%s", all.len ? ", " : "", names[i]);
    if (near)
        diag_note(b->diag, "did you mean '%s'?", near);
    else if (all.len)
        diag_note(b->diag, "it has: %.200s", all.text);
    return count;
}

void report_twice(struct builder *b, const char *callee, const char *name, const struct arg *arg)
{
    diag_report(b->diag, arg->span, DIAG_DUPLICATE_ARGUMENT, callee, name);
    if (!arg->name)
        diag_note(b->diag, "a value without a name goes by its position: this is '%s'", name);
}

/* Names of all parameters. */
static const char **param_names(struct arena *arena, const struct ftmrt_call_info *info)
{
    const char **names = arena_array(arena, const char *, info->param_count);
    for (uint32_t i = 0; i < info->param_count; i++)
        names[i] = info->params[i].name;
    return names;
}

static void report_no_call(struct builder *b, struct span span, enum ftmrt_category category,
                           const char *what, const struct value *v)
{
    diag_report(b->diag, span, DIAG_WRONG_TYPE, what, ftmrt_category_text(category, true),
                value_text(b->arena, v));
    habit_text(b, category, v);
}

struct bound_call *setting_call(struct builder *b, struct frame *frame, const struct expr *e,
                                enum ftmrt_category category, const char *what)
{
    bool named = e->kind == EXPR_CALL || e->kind == EXPR_NAME;
    if (named && !call_find(e->text) && !frame_get(frame, e->text) &&
        !files_find(b->files, e->text, e->span)) {
        diag_report(b->diag, e->span, DIAG_UNKNOWN_CALL, ftmrt_category_text(category, false),
                    e->text);
        const char *near = call_nearest(e->text, category);
        if (near)
            diag_note(b->diag, "did you mean '%s'?", near);
        diag_note(b->diag, "there %s: %s",
                  strchr(call_list(b->arena, category), ',') ? "are" : "is",
                  call_list(b->arena, category));
        return NULL;
    }
    const struct ftmrt_call_info *info = named ? call_find(e->text) : NULL;
    if (info && info->category != category) {
        diag_report(
            b->diag, e->span, DIAG_WRONG_TYPE, what, ftmrt_category_text(category, true),
            arena_printf(b->arena, "%s '%s'", ftmrt_category_text(info->category, false), e->text));
        return NULL;
    }
    struct value v = eval(b, frame, e);
    if (v.kind == VALUE_CALL && v.call->info->category == category)
        return v.call;
    if (v.kind != VALUE_ERROR)
        report_no_call(b, e->span, category, what, &v);
    return NULL;
}

/* The value of an argument; a call of a category is looked up among its own. */
static struct value argument(struct builder *b, struct frame *frame,
                             const struct ftmrt_param_info *p, const char *title,
                             const struct expr *e)
{
    enum ftmrt_category category = p ? argument_category(p->type) : FTMRT_CATEGORY_COUNT;
    const bool words = p && (ftmrt_type_has_words(p->type) || p->type == FTMRT_TYPE_LABEL);
    if (words && name_is_unknown(b, frame, e))
        return (struct value){.kind = VALUE_SYMBOL, .text = e->text}; /* its words will be listed */
    if (category == FTMRT_CATEGORY_COUNT)
        return eval(b, frame, e);
    struct bound_call *c = setting_call(b, frame, e, category, title);
    return c ? (struct value){.kind = VALUE_CALL, .call = c} : value_error();
}

/* Defaults for what was not given; reports what is missing. */
static bool fill(struct builder *b, struct bound_call *c, const bool *given)
{
    bool ok = true;
    for (uint32_t i = 0; i < c->info->param_count; i++) {
        const struct ftmrt_param_info *p = &c->info->params[i];
        if (given[i])
            continue;
        c->spans[i] = c->span;
        if (!p->value) {
            diag_report(b->diag, c->span, DIAG_MISSING_ARGUMENT, c->info->name, p->name);
            ok = false;
        } else if (*p->value) {
            ok = store(b, c, i, argument_default(b->arena, p), c->span) && ok;
        } else {
            c->args[i] = (struct value){.kind = VALUE_ABSENT};
        }
    }
    return ok;
}

static struct bound_call *new_call(struct builder *b, const struct ftmrt_call_info *info,
                                   struct span span)
{
    struct bound_call *c = arena_new(b->arena, struct bound_call);
    c->info = info;
    c->args = arena_array(b->arena, struct value, info->param_count);
    c->spans = arena_array(b->arena, struct span, info->param_count);
    c->span = span;
    return c;
}

/* ---- words for several arguments ---- */

static const struct preset {
    const char *call, *word, *param;
    uint32_t count;
    double numbers[4];
} presets[] = {
#define FTM_PRESET(call, word, param, ...)                                                         \
    {#call, #word, #param, sizeof((double[]){__VA_ARGS__}) / sizeof(double), {__VA_ARGS__}},
#include "presets.def"
};

enum { PRESET_COUNT = sizeof presets / sizeof *presets };

static bool is_preset(const struct preset *p, const struct ftmrt_call_info *info,
                      const struct value *v)
{
    return v->kind == VALUE_SYMBOL && !strcmp(p->call, info->name) && !strcmp(p->word, v->text);
}

static struct value preset_value(struct arena *arena, const struct preset *p)
{
    struct value v = {
        .kind = VALUE_LIST, .items = arena_array(arena, struct value, p->count), .count = p->count};
    for (uint32_t i = 0; i < p->count; i++)
        v.items[i] = value_float(p->numbers[i]);
    return v;
}

/* Arguments of one call while they are matched. */
struct matching {
    struct bound_call *call;
    bool *given;       /* per parameter */
    bool ok, misnamed; /* misnamed: what is missing follows from that */
    bool misplaced;    /* an argument without a name is not what its place wants */
};

/* A word that gives several arguments; false if this is none. */
static bool give_preset(struct builder *b, struct matching *m, const struct value *word,
                        struct span span)
{
    const struct ftmrt_call_info *info = m->call->info;
    bool any = false;
    for (uint32_t i = 0; i < PRESET_COUNT; i++) {
        if (!is_preset(&presets[i], info, word))
            continue;
        uint32_t slot = 0;
        while (strcmp(info->params[slot].name, presets[i].param) != 0)
            slot++;
        if (m->given[slot])
            diag_report(b->diag, span, DIAG_DUPLICATE_ARGUMENT, info->name, presets[i].param);
        m->ok = m->ok && !m->given[slot] &&
                store(b, m->call, slot, preset_value(b->arena, &presets[i]), span);
        any = m->given[slot] = true;
    }
    return any;
}

/* ---- calls ---- */

static const struct {
    const char *call, *argument, *other;
    bool needed; /* else it excludes the other */
} needs[] = {
#define FTM_NEEDS(call, argument, other)    {#call, #argument, #other, true},
#define FTM_EXCLUDES(call, argument, other) {#call, #argument, #other, false},
#include "needs.def"
};

static const struct value *argument_named(const struct bound_call *c, const char *name)
{
    uint32_t i = 0;
    while (strcmp(c->info->params[i].name, name) != 0)
        i++;
    return &c->args[i];
}

/* Arguments that make no sense without another, or with it. false after a report. */
static bool check_needs(struct builder *b, const struct bound_call *c)
{
    bool ok = true;
    for (uint32_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (strcmp(needs[i].call, c->info->name) != 0 ||
            !argument_named(c, needs[i].argument)->integer ||
            (value_number(argument_named(c, needs[i].other)) > 0) == needs[i].needed)
            continue;
        diag_report(b->diag, c->span,
                    needs[i].needed ? DIAG_ARGUMENT_NEEDS : DIAG_ARGUMENT_EXCLUDES,
                    needs[i].argument, needs[i].other);
        ok = false;
    }
    return ok;
}

static void give(struct builder *b, struct frame *frame, struct matching *m, const struct arg *arg,
                 uint32_t slot)
{
    const struct ftmrt_call_info *info = m->call->info;
    const struct ftmrt_param_info *p = slot < info->param_count ? &info->params[slot] : NULL;
    struct value v =
        argument(b, frame, p, arena_printf(b->arena, "'%s'", p ? p->name : ""), arg->value);
    if (!p) {
        m->misnamed = true;
        m->misplaced = m->misplaced || !arg->name;
    } else if (m->given[slot]) {
        report_twice(b, info->name, p->name, arg);
        m->ok = false;
    } else if (!give_preset(b, m, &v, arg->value->span)) {
        const bool fits = store(b, m->call, slot, v, arg->value->span);
        m->given[slot] = true;
        m->ok = m->ok && fits;
        m->misplaced = m->misplaced || (!fits && !arg->name);
    }
}

struct bound_call *call_bind(struct builder *b, struct frame *frame,
                             const struct ftmrt_call_info *info, const struct expr *e,
                             const struct value *implicit)
{
    struct matching m = {.call = new_call(b, info, e->span), .ok = true};
    m.given = arena_array(b->arena, bool, info->param_count);
    const char **names = param_names(b->arena, info);
    uint32_t position = 0;
    const struct ftmrt_param_info *before = NULL;
    if (implicit && info->param_count) {
        m.given[0] = true;
        m.ok = store(b, m.call, position++, *implicit, e->span);
    }
    for (uint32_t i = 0; i < e->args->list.len; i++) {
        const struct arg *arg = &e->args->list.at[i];
        uint32_t slot = match_argument(b, info->name, names, info->param_count, arg, position,
                                       implicit != NULL);
        position += !arg->name;
        if (arg->name && slot == info->param_count)
            habit_name(b, info, arg);
        const uint32_t errors = b->diag->errors;
        give(b, frame, &m, arg, slot);
        if (b->diag->errors > errors)
            habit_comma(b, e, i, before);
        before = slot < info->param_count ? &info->params[slot] : NULL;
    }
    const bool ok = !m.misnamed && fill(b, m.call, m.given) && m.ok;
    if (ok || m.misplaced)
        habit_size(b, m.call, e, implicit != NULL, m.misplaced);
    return ok && check_needs(b, m.call) ? m.call : NULL;
}

struct bound_call *call_bind_bare(struct builder *b, const struct ftmrt_call_info *info,
                                  struct span span)
{
    struct bound_call *c = new_call(b, info, span);
    const bool *given = arena_array(b->arena, bool, info->param_count);
    return fill(b, c, given) ? c : NULL;
}

bool param_value(struct builder *b, struct frame *frame, const struct ftmrt_param_info *p,
                 const struct expr *e, struct value *out)
{
    *out = argument(b, frame, p, p->name, e);
    return argument_check(b, p, arena_printf(b->arena, "'%s'", p->name), out, e->span);
}

bool param_default(struct builder *b, const struct ftmrt_param_info *p, struct span span,
                   struct value *out)
{
    *out = p->value ? argument_default(b->arena, p) : (struct value){.kind = VALUE_ABSENT};
    return out->kind == VALUE_ABSENT || argument_check(b, p, p->name, out, span);
}
