/* The value of one argument: typed, brought into its parameter's form, and compared with the parameter's range. */
#include "argument.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

#include "builder.h"

static const char SPREADS_TEXT[] =
    "a number of at least 0, for so far either way, or [from, to], or two such pairs in one list";

static const char *type_text(enum ftmrt_type type)
{
    static const char *const texts[] = {
        [FTMRT_TYPE_TENSOR] = "a layer's value",
        [FTMRT_TYPE_TENSORS] = "a list of layers' values",
        [FTMRT_TYPE_INT] = "an integer",
        [FTMRT_TYPE_ODD] = "an odd integer",
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
        [FTMRT_TYPE_FOLDER] = "a folder's name",
        [FTMRT_TYPE_MEMBER] = "the name of an array in the file",
        [FTMRT_TYPE_NUMBERS] = "a number, a list of numbers, or `imagenet`",
        [FTMRT_TYPE_CLASS_WEIGHTS] = "a list of numbers, or `balanced`",
        [FTMRT_TYPE_RANGE] = "two numbers, [from, to]",
        [FTMRT_TYPE_SPREAD] =
            "a number of at least 0, for so far either way, or two, from and to in their order",
        [FTMRT_TYPE_SPREADS] = SPREADS_TEXT,
        [FTMRT_TYPE_BOTH] = "a number, or a list of two",
        [FTMRT_TYPE_INIT] =
            "an initial value (default, zeros, ones, full(0.1), identity, normal(0.01), ...)",
        [FTMRT_TYPE_EPOCHS] = "a number of epochs",
        [FTMRT_TYPE_STRINGS] = "a string or a list of strings",
        [FTMRT_TYPE_COLUMNS] = "a column's name, or a list of them",
        [FTMRT_TYPE_RENAMES] = "statements `rename`",
        [FTMRT_TYPE_SKIPS] = "statements `skip`",
        [FTMRT_TYPE_NAME] = "the name of a block",
        [FTMRT_TYPE_EDITS] = "statements of a block",
        [FTMRT_TYPE_FACTOR] = "a factor, as in 0.1x, or 0",
        [FTMRT_TYPE_PHASES] = "blocks `phase`",
        [FTMRT_TYPE_TEACHERS] = "blocks `teacher`",
        [FTMRT_TYPE_OVERS] = "statements `over`",
        [FTMRT_TYPE_MODEL] = "the call of a model, as in `resnet18()`",
        [FTMRT_TYPE_WEIGHTS] = "a file's name or `random`",
        [FTMRT_TYPE_LABEL] = "`index`, `vector` or `mask`",
        [FTMRT_TYPE_LOSS] = "a loss",
        [FTMRT_TYPE_LOSS_FACTORS] = "factors of losses",
        [FTMRT_TYPE_MIX] = "a way of mixing",
        [FTMRT_TYPE_CACHE] = "a place for what is kept between epochs",
        [FTMRT_TYPE_OPTIMIZER] = "an optimizer",
        [FTMRT_TYPE_SCHEDULE] = "a schedule",
        [FTMRT_TYPE_DATA] = "a data source",
        [FTMRT_TYPE_SOURCES] = "a list of data sources",
        [FTMRT_TYPE_SCHEDULES] = "a list of schedules",
        [FTMRT_TYPE_SHARE] = "a share of `train`, as in 10%, or a data source",
        [FTMRT_TYPE_TRANSFORMS] = "transforms",
        [FTMRT_TYPE_BLOCK] = "a block",
    };
    return texts[type];
}

const char *argument_wanted(struct arena *arena, const struct ftmrt_param_info *p)
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

struct value argument_default(struct arena *arena, const struct ftmrt_param_info *p)
{
    if (*p->value == '[')
        return range_literal(arena, p->value);
    if ((p->type == FTMRT_TYPE_STRING || p->type == FTMRT_TYPE_COLUMNS) && *p->value)
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

enum ftmrt_category argument_category(enum ftmrt_type type)
{
    static const struct {
        enum ftmrt_type type;
        enum ftmrt_category category;
    } pairs[] = {
        {FTMRT_TYPE_INIT, FTMRT_CATEGORY_INIT},
        {FTMRT_TYPE_LOSS, FTMRT_CATEGORY_LOSS},
        {FTMRT_TYPE_MIX, FTMRT_CATEGORY_MIX},
        {FTMRT_TYPE_CACHE, FTMRT_CATEGORY_CACHE},
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

/* A list of such calls, or one; their names alone are calls, too. */
static bool convert_calls(struct builder *b, enum ftmrt_category category, struct value *v,
                          struct span span)
{
    if (v->kind == VALUE_CALL)
        spread(b->arena, v, 1);
    bool ok = v->kind == VALUE_LIST && v->count > 0;
    for (uint32_t i = 0; ok && i < v->count; i++)
        ok = convert_call(b, category, &v->items[i], span);
    return ok;
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

static bool all_calls(const struct value *v, enum ftmrt_category category)
{
    for (uint32_t i = 0; i < v->count; i++)
        if (!is_call_of(&v->items[i], category))
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

/* One number of at least 0, or at most `pairs` pairs of numbers in their order. */
static bool convert_spread(struct builder *b, uint32_t pairs, struct value *v)
{
    if (value_is_number(v))
        spread(b->arena, v, 1);
    if (v->kind != VALUE_LIST || !all_kind(v, false))
        return false;
    if (v->count == 1)
        return value_number(&v->items[0]) >= 0;
    for (uint32_t i = 0; i + 1 < v->count; i += 2)
        if (value_number(&v->items[i]) > value_number(&v->items[i + 1]))
            return false;
    return v->count % 2 == 0 && v->count <= 2 * pairs;
}

/* Brings a value into the form of its type; false if it is of another. */
static bool convert(struct builder *b, enum ftmrt_type type, struct value *v, struct span span)
{
    switch (type) {
    case FTMRT_TYPE_TENSOR: return v->kind == VALUE_TENSOR;
    case FTMRT_TYPE_TENSORS: return v->kind == VALUE_LIST && all_tensors(v);
    case FTMRT_TYPE_INT: return v->kind == VALUE_INT;
    case FTMRT_TYPE_ODD: return v->kind == VALUE_INT && v->integer % 2 != 0;
    case FTMRT_TYPE_BOOL: return v->kind == VALUE_BOOL;
    case FTMRT_TYPE_STRING:
    case FTMRT_TYPE_FILE:
    case FTMRT_TYPE_CLASSES:
    case FTMRT_TYPE_FOLDER:
    case FTMRT_TYPE_MEMBER: return v->kind == VALUE_STRING;
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
    case FTMRT_TYPE_SPREAD: return convert_spread(b, 1, v);
    case FTMRT_TYPE_SPREADS: return convert_spread(b, 2, v);
    case FTMRT_TYPE_BOTH:
    case FTMRT_TYPE_SCALE:
        if (value_is_number(v))
            spread(b->arena, v, 2);
        return v->kind == VALUE_LIST && v->count == 2 && all_kind(v, false);
    case FTMRT_TYPE_INTEGERS:
        return v->kind == VALUE_INT || (v->kind == VALUE_LIST && all_kind(v, true));
    case FTMRT_TYPE_CLASS_WEIGHTS:
        if (is_symbol(v, "balanced"))
            v->kind = VALUE_STRING;
        if (v->kind == VALUE_STRING)
            return !strcmp(v->text, "balanced");
        /* fallthrough */
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
    case FTMRT_TYPE_COLUMNS:
        return v->kind == VALUE_STRING || (v->kind == VALUE_LIST && all_strings(v));
    case FTMRT_TYPE_SOURCES: return v->kind == VALUE_LIST && all_calls(v, FTMRT_CATEGORY_DATA);
    case FTMRT_TYPE_SCHEDULES: return convert_calls(b, FTMRT_CATEGORY_SCHEDULE, v, span);
    case FTMRT_TYPE_TRANSFORMS: return convert_calls(b, FTMRT_CATEGORY_TRANSFORM, v, span);
    case FTMRT_TYPE_LABEL: return convert_label(v);
    case FTMRT_TYPE_INIT:
    case FTMRT_TYPE_LOSS:
    case FTMRT_TYPE_MIX:
    case FTMRT_TYPE_CACHE:
    case FTMRT_TYPE_OPTIMIZER:
    case FTMRT_TYPE_SCHEDULE:
    case FTMRT_TYPE_DATA: return convert_call(b, argument_category(type), v, span);
    case FTMRT_TYPE_RENAMES:
    case FTMRT_TYPE_SKIPS:
    case FTMRT_TYPE_NAME:
    case FTMRT_TYPE_EDITS:
    case FTMRT_TYPE_FACTOR:
    case FTMRT_TYPE_PHASES:
    case FTMRT_TYPE_TEACHERS:
    case FTMRT_TYPE_OVERS:
    case FTMRT_TYPE_LOSS_FACTORS:
    case FTMRT_TYPE_MODEL:
    case FTMRT_TYPE_WEIGHTS:
    case FTMRT_TYPE_SHARE:
    case FTMRT_TYPE_BLOCK:
        break; /* statements of their own, or parts of such: settings.c, loss_sum.c, transforms.c, phases.c */
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

bool argument_check(struct builder *b, const struct ftmrt_param_info *p, const char *title,
                    struct value *v, struct span span)
{
    const struct value given = *v;
    if (v->kind == VALUE_ERROR)
        return false;
    if (!convert(b, p->type, v, span) || !known_word(p, &given)) {
        diag_report(b->diag, place_of(&given, span), DIAG_WRONG_TYPE, title,
                    argument_wanted(b->arena, p), value_text(b->arena, &given));
        note_way(b, &given, span);
        return false;
    }
    v->origin = given.origin;
    if (in_range(p, v))
        return true;
    report_range(b, p, v, span);
    return false;
}
