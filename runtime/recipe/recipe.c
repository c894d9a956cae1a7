/* The rows of calls.def, and typed reading of bound calls. */
#include "recipe.h"

#include <string.h>

#include "ftmrt.h"

/* Programs and libraries look rows up and explain none: without the words. */
#ifdef FTMRT_RECIPE_TERSE
#define WORDS(text) NULL
#else
#define WORDS(text) text
#endif

/* The parameters of each call behind an empty first element, since a call may have none. */
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)                                \
    {#name, FTMRT_TYPE_##type, value, min, max, WORDS(pytorch), WORDS(help)},
#define FTM_CALL(name, category, pytorch, help, ...)                                               \
    static const struct ftmrt_param_info params_of_##name[] = {{0}, __VA_ARGS__};
#include "calls.def"

#define COUNT_OF(name) (sizeof params_of_##name / sizeof *params_of_##name - 1)

static const struct ftmrt_call_info rows[FTMRT_CALL_COUNT] = {
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...)                                               \
    {#name,          FTMRT_CATEGORY_##category, WORDS(pytorch), WORDS(help),                       \
     COUNT_OF(name), params_of_##name + 1},
#include "calls.def"
};

#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...)                                               \
    _Static_assert(COUNT_OF(name) < FTMRT_PARAM_LIMIT, "too many parameters: " #name);
#include "calls.def"

const struct ftmrt_call_info *ftmrt_call_info(enum ftmrt_call_id id) { return &rows[id]; }

enum ftmrt_call_id ftmrt_call_id(const struct ftmrt_call_info *info)
{
    return (enum ftmrt_call_id)(info - rows);
}

const struct ftmrt_call_info *ftmrt_call_find(const char *name)
{
    for (unsigned i = 0; i < FTMRT_CALL_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

int ftmrt_word_index(const struct ftmrt_param_info *param, const char *word)
{
    const char *at = param->value;
    for (int i = 0;; i++) {
        const size_t length = strcspn(at, "|");
        if (strlen(word) == length && strncmp(at, word, length) == 0)
            return i;
        if (!at[length])
            return -1;
        at += length + 1;
    }
}

const char *ftmrt_category_text(enum ftmrt_category category, bool article)
{
    static const char *const texts[FTMRT_CATEGORY_COUNT][2] = {
        [FTMRT_CATEGORY_LAYER] = {"layer", "a layer"},
        [FTMRT_CATEGORY_TRANSFORM] = {"transform", "a transform"},
        [FTMRT_CATEGORY_MIX] = {"way of mixing", "a way of mixing"},
        [FTMRT_CATEGORY_CACHE] =
            {"place",
             "a place for what is kept: auto, memory, disk, views(8) or off; its bytes are "
             "`cache_budget = 2GB`"},
        [FTMRT_CATEGORY_DATA] = {"data source", "a data source"},
        [FTMRT_CATEGORY_LOSS] = {"loss", "a loss"},
        [FTMRT_CATEGORY_OPTIMIZER] = {"optimizer", "an optimizer"},
        [FTMRT_CATEGORY_SCHEDULE] = {"schedule", "a schedule"},
        [FTMRT_CATEGORY_INIT] = {"initial value", "an initial value"},
        [FTMRT_CATEGORY_ADAPTER] = {"adapter", "an adapter"},
        [FTMRT_CATEGORY_BLOCK] = {"block", "a block"},
    };
    return texts[category][article];
}

/* ---- labels and losses ---- */

static const char *const label_words[] = {
#define FTMRT_LABEL(name, word, meaning) word,
#include "label_kinds.def"
#undef FTMRT_LABEL
};

const char *ftmrt_label_word(enum ftmrt_label_kind kind) { return label_words[kind]; }

enum ftmrt_label_kind ftmrt_label_find(const char *word)
{
    unsigned kind = 0;
    while (kind < FTMRT_LABEL_COUNT && strcmp(label_words[kind], word) != 0)
        kind++;
    return (enum ftmrt_label_kind)kind;
}

static const struct ftmrt_loss_info losses[FTMRT_CALL_COUNT] = {
#define L(kind) (1U << FTMRT_LABEL_##kind)
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...)
#define FTM_LOSS(name, labels, vector) [FTMRT_CALL_##name] = {labels, FTMRT_VECTOR_##vector},
#include "calls.def"
#undef L
};

const struct ftmrt_loss_info *ftmrt_loss_info(enum ftmrt_call_id loss) { return &losses[loss]; }

bool ftmrt_schedule_follows(enum ftmrt_call_id schedule)
{
    static const bool follows[FTMRT_CALL_COUNT] = {
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...)
#define FTM_FOLLOWS(name) [FTMRT_CALL_##name] = true,
#include "calls.def"
    };
    return follows[schedule];
}

enum ftmrt_label_kind ftmrt_source_labels(const struct ftmrt_call *source)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(source->id);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (info->params[i].type == FTMRT_TYPE_LABEL)
            return source->args[i].kind == FTMRT_ARG_NONE
                       ? FTMRT_LABEL_INDEX
                       : (enum ftmrt_label_kind)source->args[i].integer;
        else if (info->params[i].type == FTMRT_TYPE_SOURCES)
            return ftmrt_source_labels(source->args[i].calls);
    return FTMRT_LABEL_INDEX;
}

bool ftmrt_is_source(const struct ftmrt_arg *a)
{
    return a->kind == FTMRT_ARG_CALLS &&
           ftmrt_call_info(a->calls->id)->category == FTMRT_CATEGORY_DATA;
}

enum ftmrt_label_kind ftmrt_data_labels(const struct ftmrt_call *data)
{
    for (uint32_t i = 0; i < ftmrt_call_info(data->id)->param_count; i++)
        if (ftmrt_is_source(&data->args[i]))
            return ftmrt_source_labels(data->args[i].calls);
    return FTMRT_LABEL_INDEX;
}

/* ---- reading ---- */

const struct ftmrt_arg *ftmrt_call_arg(const struct ftmrt_call *c, enum ftmrt_param param)
{
    if ((unsigned)param / FTMRT_PARAM_LIMIT != (unsigned)c->id)
        __builtin_trap(); /* not abort: libraries want nothing of libc that ends a process */
    return &c->args[(unsigned)param % FTMRT_PARAM_LIMIT];
}

const struct ftmrt_arg *ftmrt_call_named(const struct ftmrt_call *c, const char *name)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (!strcmp(info->params[i].name, name) && c->args[i].kind != FTMRT_ARG_NONE)
            return &c->args[i];
    return NULL;
}

/* The value, which must be of one kind. */
static const struct ftmrt_arg *of_kind(const struct ftmrt_call *c, enum ftmrt_param param,
                                       enum ftmrt_arg_kind kind)
{
    const struct ftmrt_arg *v = ftmrt_call_arg(c, param);
    if (v->kind != kind)
        __builtin_trap(); /* not abort: libraries want nothing of libc that ends a process */
    return v;
}

int64_t ftmrt_call_integer(const struct ftmrt_call *c, enum ftmrt_param param)
{
    return of_kind(c, param, FTMRT_ARG_INTEGER)->integer;
}

double ftmrt_call_number(const struct ftmrt_call *c, enum ftmrt_param param)
{
    return of_kind(c, param, FTMRT_ARG_NUMBER)->number;
}

const char *ftmrt_call_text(const struct ftmrt_call *c, enum ftmrt_param param)
{
    bool none = ftmrt_call_arg(c, param)->kind == FTMRT_ARG_NONE;
    return none ? NULL : of_kind(c, param, FTMRT_ARG_TEXT)->text;
}

int ftmrt_call_word(const struct ftmrt_call *c, enum ftmrt_param param)
{
    const struct ftmrt_param_info *row =
        &ftmrt_call_info(c->id)->params[(unsigned)param % FTMRT_PARAM_LIMIT];
    return ftmrt_word_index(row, of_kind(c, param, FTMRT_ARG_TEXT)->text);
}

const struct ftmrt_call *ftmrt_call_inner(const struct ftmrt_call *c, enum ftmrt_param param)
{
    bool none = ftmrt_call_arg(c, param)->kind == FTMRT_ARG_NONE;
    return none ? NULL : of_kind(c, param, FTMRT_ARG_CALLS)->calls;
}
