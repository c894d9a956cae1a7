/* Binding arguments to the rows of calls (call_rows.c): every argument is matched, typed and
 * range-checked here, so that what runs behind sees complete calls only. */
#include "calls.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

#include "builder.h"
#include "habits.h"

/* ---- conversion of one argument ---- */

static const char *type_text(enum ftmrt_type type)
{
    static const char *const texts[] = {
        [FTMRT_TYPE_TENSOR] = "a layer's value",
        [FTMRT_TYPE_TENSORS] = "a list of layers' values",
        [FTMRT_TYPE_INT] = "an integer",
        [FTMRT_TYPE_INTEGERS] = "an integer or a list of integers",
        [FTMRT_TYPE_PAIR] = "an integer or a list of two",
        [FTMRT_TYPE_SCALE] = "a number or a list of two",
        [FTMRT_TYPE_PADDING] =
            "an integer, a list [vertical, horizontal] or [top, left, bottom, right], or `same`",
        [FTMRT_TYPE_FLOAT] = "a number",
        [FTMRT_TYPE_BOOL] = "true or false",
        [FTMRT_TYPE_STRING] = "a string",
        [FTMRT_TYPE_WORD] = "one of some words",
        [FTMRT_TYPE_FILE] = "a file's name",
        [FTMRT_TYPE_CLASSES] = "a folder's name",
        [FTMRT_TYPE_NUMBERS] = "a number, a list of numbers, or `imagenet`",
        [FTMRT_TYPE_RANGE] = "two numbers, [from, to]",
        [FTMRT_TYPE_INIT] =
            "an initial value (default, zeros, ones, full(0.1), identity, normal(0.01), ...)",
        [FTMRT_TYPE_EPOCHS] = "a number of epochs",
        [FTMRT_TYPE_STRINGS] = "a string or a list of strings",
        [FTMRT_TYPE_RENAMES] = "statements `rename`",
        [FTMRT_TYPE_SKIPS] = "statements `skip`",
        [FTMRT_TYPE_MODEL] = "the call of a model, as in `resnet18()`",
        [FTMRT_TYPE_WEIGHTS] = "a file's name or `random`",
        [FTMRT_TYPE_LABEL] = "`index`, `vector` or `mask`",
        [FTMRT_TYPE_LOSS] = "a loss",
        [FTMRT_TYPE_MIX] = "a way of mixing",
        [FTMRT_TYPE_OPTIMIZER] = "an optimizer",
        [FTMRT_TYPE_SCHEDULE] = "a schedule",
        [FTMRT_TYPE_DATA] = "a data source",
        [FTMRT_TYPE_SOURCES] = "a list of data sources",
        [FTMRT_TYPE_SHARE] = "a share of `train`, as in 10%, or a data source",
        [FTMRT_TYPE_TRANSFORMS] = "transforms",
        [FTMRT_TYPE_BLOCK] = "a block",
    };
    return texts[type];
}

/* What is wanted, for messages: of a WORD "none" or "tanh". */
const char *call_wanted(struct arena *arena, const struct ftmrt_param_info *p)
{
    if (!ftmrt_type_has_words(p->type))
        return type_text(p->type);
    struct strbuf out;
    strbuf_init(&out, arena);
    strbuf_addc(&out, '"');
    for (const char *at = p->value; *at; at++)
        strbuf_addf(&out, *at == '|' ? "\" or \"" : "%c", *at);
    strbuf_add(&out, p->type == FTMRT_TYPE_WORD ? "\"" : "\", or a file's name");
    return out.text;
}

/* The value of a default's text. */
static struct value literal(const char *text)
{
    if (!*text)
        return (struct value){.kind = VALUE_ABSENT};
    if (!strcmp(text, "true") || !strcmp(text, "false"))
        return value_bool(*text == 't');
    char *end;
    long long i = strtoll(text, &end, 10);
    if (!*end)
        return value_int(i);
    double d = strtod(text, &end);
    return *end ? (struct value){.kind = VALUE_SYMBOL, .text = text} : value_float(d);
}

/* "[0.08, 1]" */
static struct value range_literal(struct arena *arena, const char *text)
{
    struct value *two = arena_array(arena, struct value, 2);
    char *end;
    two[0] = value_float(strtod(text + 1, &end));
    two[1] = value_float(strtod(end + 1, NULL));
    return (struct value){.kind = VALUE_LIST, .items = two, .count = 2};
}

static struct value default_value(struct arena *arena, const struct ftmrt_param_info *p)
{
    if (p->type == FTMRT_TYPE_RANGE)
        return range_literal(arena, p->value);
    if (p->type == FTMRT_TYPE_STRING && *p->value)
        return (struct value){.kind = VALUE_STRING, .text = p->value};
    if (!ftmrt_type_has_words(p->type))
        return literal(p->value);
    return (struct value){.kind = VALUE_STRING,
                          .text = arena_strndup(arena, p->value, strcspn(p->value, "|"))};
}

static bool is_symbol(const struct value *v, const char *text)
{
    return v->kind == VALUE_SYMBOL && !strcmp(v->text, text);
}

/* One number as a list of n. */
static void spread(struct arena *arena, struct value *v, uint32_t n)
{
    struct value one = *v;
    *v = (struct value){
        .kind = VALUE_LIST, .items = arena_array(arena, struct value, n), .count = n};
    for (uint32_t i = 0; i < n; i++)
        v->items[i] = one;
}

static bool all_kind(const struct value *v, bool integers)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (integers ? v->items[i].kind != VALUE_INT : !value_is_number(&v->items[i]))
            return false;
    return v->count > 0;
}

/* The category of the calls that a parameter of this type takes, or FTMRT_CATEGORY_COUNT. */
static enum ftmrt_category type_category(enum ftmrt_type type)
{
    static const struct {
        enum ftmrt_type type;
        enum ftmrt_category category;
    } pairs[] = {
        {FTMRT_TYPE_INIT, FTMRT_CATEGORY_INIT},
        {FTMRT_TYPE_LOSS, FTMRT_CATEGORY_LOSS},
        {FTMRT_TYPE_MIX, FTMRT_CATEGORY_MIX},
        {FTMRT_TYPE_OPTIMIZER, FTMRT_CATEGORY_OPTIMIZER},
        {FTMRT_TYPE_SCHEDULE, FTMRT_CATEGORY_SCHEDULE},
        {FTMRT_TYPE_DATA, FTMRT_CATEGORY_DATA},
    };
    for (uint32_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (pairs[i].type == type)
            return pairs[i].category;
    return FTMRT_CATEGORY_COUNT;
}

static bool is_call_of(const struct value *v, enum ftmrt_category category)
{
    return v->kind == VALUE_CALL && v->call && v->call->info->category == category;
}

/* A call of a category; a default is its name. */
static bool convert_call(struct builder *b, enum ftmrt_category category, struct value *v,
                         struct span span)
{
    const struct ftmrt_call_info *named = v->kind == VALUE_SYMBOL ? call_find(v->text) : NULL;
    if (named && named->category == category)
        *v = (struct value){.kind = VALUE_CALL, .call = call_bind_bare(b, named, span)};
    return is_call_of(v, category);
}

static bool all_tensors(const struct value *v)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (v->items[i].kind != VALUE_TENSOR)
            return false;
    return v->count > 0;
}

static bool all_strings(const struct value *v)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (v->items[i].kind != VALUE_STRING)
            return false;
    return v->count > 0;
}

static bool all_sources(const struct value *v)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (!is_call_of(&v->items[i], FTMRT_CATEGORY_DATA))
            return false;
    return v->count > 0;
}

/* A word to the number of its kind. */
static bool convert_label(struct value *v)
{
    const enum ftmrt_label_kind kind =
        v->kind == VALUE_SYMBOL ? ftmrt_label_find(v->text) : FTMRT_LABEL_COUNT;
    *v = value_int(kind);
    return kind != FTMRT_LABEL_COUNT;
}

/* Brings a value into the form of its type; false if it is of another. */
static bool convert(struct builder *b, enum ftmrt_type type, struct value *v, struct span span)
{
    switch (type) {
    case FTMRT_TYPE_TENSOR: return v->kind == VALUE_TENSOR;
    case FTMRT_TYPE_TENSORS: return v->kind == VALUE_LIST && all_tensors(v);
    case FTMRT_TYPE_INT: return v->kind == VALUE_INT;
    case FTMRT_TYPE_BOOL: return v->kind == VALUE_BOOL;
    case FTMRT_TYPE_STRING:
    case FTMRT_TYPE_FILE:
    case FTMRT_TYPE_CLASSES: return v->kind == VALUE_STRING;
    case FTMRT_TYPE_WORD:
    case FTMRT_TYPE_WORD_OR_FILE:
        if (v->kind == VALUE_SYMBOL)
            v->kind = VALUE_STRING;
        return v->kind == VALUE_STRING;
    case FTMRT_TYPE_FLOAT:
        if (v->kind == VALUE_INT)
            *v = value_float((double)v->integer);
        return v->kind == VALUE_FLOAT;
    case FTMRT_TYPE_EPOCHS:
        if (value_is_number(v))
            *v = (struct value){.kind = VALUE_EPOCHS, .real = value_number(v)};
        return v->kind == VALUE_EPOCHS;
    case FTMRT_TYPE_PADDING:
        if (is_symbol(v, "same") || (v->kind == VALUE_LIST && v->count == 4 && all_kind(v, true)))
            return true;
        /* fallthrough */
    case FTMRT_TYPE_PAIR:
        if (v->kind == VALUE_INT)
            spread(b->arena, v, 2);
        return v->kind == VALUE_LIST && v->count == 2 && all_kind(v, true);
    case FTMRT_TYPE_SCALE:
        if (value_is_number(v))
            spread(b->arena, v, 2);
        return v->kind == VALUE_LIST && v->count == 2 && all_kind(v, false);
    case FTMRT_TYPE_INTEGERS:
        return v->kind == VALUE_INT || (v->kind == VALUE_LIST && all_kind(v, true));
    case FTMRT_TYPE_NUMBERS:
        if (value_is_number(v))
            spread(b->arena, v, 1);
        return v->kind == VALUE_LIST && all_kind(v, false);
    case FTMRT_TYPE_RANGE:
        return v->kind == VALUE_LIST && v->count == 2 && all_kind(v, false) &&
               value_number(&v->items[0]) <= value_number(&v->items[1]);
    case FTMRT_TYPE_STRINGS:
        if (v->kind == VALUE_STRING)
            spread(b->arena, v, 1);
        return v->kind == VALUE_LIST && all_strings(v);
    case FTMRT_TYPE_SOURCES: return v->kind == VALUE_LIST && all_sources(v);
    case FTMRT_TYPE_LABEL: return convert_label(v);
    case FTMRT_TYPE_INIT:
    case FTMRT_TYPE_LOSS:
    case FTMRT_TYPE_MIX:
    case FTMRT_TYPE_OPTIMIZER:
    case FTMRT_TYPE_SCHEDULE:
    case FTMRT_TYPE_DATA: return convert_call(b, type_category(type), v, span);
    case FTMRT_TYPE_RENAMES:
    case FTMRT_TYPE_SKIPS:
    case FTMRT_TYPE_MODEL:
    case FTMRT_TYPE_WEIGHTS:
    case FTMRT_TYPE_SHARE:
    case FTMRT_TYPE_TRANSFORMS:
    case FTMRT_TYPE_BLOCK: break; /* statements of their own: settings.c and transforms.c */
    }
    return false;
}

static bool in_range(const struct ftmrt_param_info *p, const struct value *v)
{
    if (p->max < p->min)
        return true;
    if (v->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < v->count; i++)
            if (!in_range(p, &v->items[i]))
                return false;
        return true;
    }
    double x = v->kind == VALUE_EPOCHS ? v->real : value_number(v);
    bool number = value_is_number(v) || v->kind == VALUE_EPOCHS;
    return !number || (isfinite(x) && x >= p->min && x <= p->max);
}

/* Where to place what is wrong with a value: where the user's file gives it, if it does. */
static struct span place_of(const struct value *v, struct span span)
{
    return v->origin && !v->origin->is_default ? v->origin->span : span;
}

/* Behind a report at place_of: how the value got where it is wrong. */
static void note_way(struct builder *b, const struct value *v, struct span span)
{
    if (v->origin && !v->origin->is_default && span.source)
        diag_note(b->diag, "as `%s` of %s it gets to %s:%u:%u", v->origin->name, v->origin->callee,
                  span.source->path, (unsigned)span.line, (unsigned)span.column);
}

static void report_range(struct builder *b, const struct ftmrt_param_info *p, const struct value *v,
                         struct span span)
{
    struct strbuf range;
    strbuf_init(&range, b->arena);
    strbuf_add(&range, "from ");
    strbuf_add_double(&range, p->min);
    strbuf_add(&range, " to ");
    strbuf_add_double(&range, p->max);
    const struct value *bad = v;
    for (uint32_t i = 0; v->kind == VALUE_LIST && i < v->count; i++)
        if (!in_range(p, &v->items[i]))
            bad = &v->items[i];
    diag_report(b->diag, place_of(v, span), DIAG_BAD_VALUE, arena_printf(b->arena, "'%s'", p->name),
                range.text, value_text(b->arena, bad));
    note_way(b, v, span);
}

/* Whether a word is one of the parameter's; a string may be a file's name, where it takes one. */
static bool known_word(const struct ftmrt_param_info *p, const struct value *v)
{
    return !ftmrt_type_has_words(p->type) || ftmrt_word_index(p, v->text) >= 0 ||
           (p->type == FTMRT_TYPE_WORD_OR_FILE && v->kind == VALUE_STRING && *v->text);
}

/* Brings a value into the form of a parameter and checks its range. title: of the value in messages. false after a
 * report, or if the value is an error already. */
static bool check(struct builder *b, const struct ftmrt_param_info *p, const char *title,
                  struct value *v, struct span span)
{
    const struct value given = *v;
    if (v->kind == VALUE_ERROR)
        return false;
    if (!convert(b, p->type, v, span) || !known_word(p, &given)) {
        diag_report(b->diag, place_of(&given, span), DIAG_WRONG_TYPE, title,
                    call_wanted(b->arena, p), value_text(b->arena, &given));
        note_way(b, &given, span);
        return false;
    }
    v->origin = given.origin;
    if (in_range(p, v))
        return true;
    report_range(b, p, v, span);
    return false;
}

/* Checks and stores argument i. */
static bool store(struct builder *b, struct bound_call *c, uint32_t i, struct value v,
                  struct span span)
{
    const struct ftmrt_param_info *p = &c->info->params[i];
    c->spans[i] = span;
    c->args[i] = v;
    return check(b, p, arena_printf(b->arena, "'%s' of %s", p->name, c->info->name), &c->args[i],
                 span);
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
    enum ftmrt_category category = p ? type_category(p->type) : FTMRT_CATEGORY_COUNT;
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
            ok = store(b, c, i, default_value(b->arena, p), c->span) && ok;
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
} needs[] = {
#define FTM_NEEDS(call, argument, other) {#call, #argument, #other},
#include "needs.def"
};

static const struct value *argument_named(const struct bound_call *c, const char *name)
{
    uint32_t i = 0;
    while (strcmp(c->info->params[i].name, name) != 0)
        i++;
    return &c->args[i];
}

/* Arguments that make no sense without another. false after a report. */
static bool check_needs(struct builder *b, const struct bound_call *c)
{
    bool ok = true;
    for (uint32_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (strcmp(needs[i].call, c->info->name) != 0 ||
            !argument_named(c, needs[i].argument)->integer ||
            value_number(argument_named(c, needs[i].other)) > 0)
            continue;
        diag_report(b->diag, c->span, DIAG_ARGUMENT_NEEDS, needs[i].argument, needs[i].other);
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
    return check(b, p, arena_printf(b->arena, "'%s'", p->name), out, e->span);
}

bool param_default(struct builder *b, const struct ftmrt_param_info *p, struct span span,
                   struct value *out)
{
    *out = p->value ? default_value(b->arena, p) : (struct value){.kind = VALUE_ABSENT};
    return out->kind == VALUE_ABSENT || check(b, p, p->name, out, span);
}
