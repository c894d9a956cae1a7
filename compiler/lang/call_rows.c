/* Everything that a description can call, one table of the rows of layers.def, ops.def and runtime/recipe/calls.def. */
#include <string.h>

#include "calls.h"
#include "str.h"

#define PARAM_ROW(call, name, type, value, min, max, pytorch, help)                                \
    {#name, FTMRT_TYPE_##type, value, min, max, pytorch, help},
#define CALL_ROW(name, category, pytorch, help)                                                    \
    {#name, FTMRT_CATEGORY_##category, pytorch, help, COUNT_OF(name), params_of_##name + 1},
#define COUNT_OF(name) (sizeof params_of_##name / sizeof *params_of_##name - 1)

/* The parameters of a call behind an empty first element, since a call may have none. */
#define PARAMS_OF(name, ...)                                                                       \
    static const struct ftmrt_param_info params_of_##name[] = {{0}, __VA_ARGS__};

#define FTM_PARAM                                    PARAM_ROW
#define FTM_CALL(name, category, pytorch, help, ...) PARAMS_OF(name, __VA_ARGS__)
#include "layers.def"
#define FTM_PARAM PARAM_ROW
#define FTM_OP(...)
#define FTM_OP_CALL(name, operator, pytorch, help, ...) PARAMS_OF(name, __VA_ARGS__)
#include "ops.def"
#undef FTM_OP

static const struct ftmrt_call_info rows[] = {
#define FTM_CALL(name, category, pytorch, help, ...) CALL_ROW(name, category, pytorch, help)
#include "layers.def"
#define FTM_OP(...)
#define FTM_OP_CALL(name, operator, pytorch, help, ...) CALL_ROW(name, LAYER, pytorch, help)
#include "ops.def"
#undef FTM_OP
};

enum { ROW_COUNT = sizeof rows / sizeof *rows, CALL_COUNT = ROW_COUNT + FTMRT_CALL_COUNT };

uint32_t call_count(void) { return CALL_COUNT; }

const struct ftmrt_call_info *call_row(uint32_t i)
{
    return i < ROW_COUNT ? &rows[i] : ftmrt_call_info((enum ftmrt_call_id)(i - ROW_COUNT));
}

const struct ftmrt_call_info *call_find(const char *name)
{
    for (uint32_t i = 0; i < CALL_COUNT; i++) {
        const struct ftmrt_call_info *info = call_row(i);
        if (info->category != FTMRT_CATEGORY_BLOCK && strcmp(info->name, name) == 0)
            return info;
    }
    return NULL;
}

bool call_word(const char *text)
{
    for (uint32_t i = 0; i < CALL_COUNT; i++) {
        const struct ftmrt_call_info *info = call_row(i);
        for (uint32_t p = 0; p < info->param_count; p++)
            if (ftmrt_type_has_words(info->params[p].type) &&
                ftmrt_word_index(&info->params[p], text) >= 0)
                return true;
    }
    return false;
}

/* The operators that mean a call. */
static const struct {
    const char *operator, *call;
} operators[] = {
#define FTM_OP(...)
#define FTM_OP_CALL(name, operator, pytorch, help, ...) {operator, #name},
#include "ops.def"
#undef FTM_OP
};

const struct ftmrt_call_info *call_of_operator(const char *operator)
{
    for (uint32_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].operator, operator) == 0)
            return call_find(operators[i].call);
    return NULL;
}

const struct ftmrt_call_info *call_of_sources(void)
{
    uint32_t i = 0;
    while (call_row(i)->category != FTMRT_CATEGORY_DATA ||
           call_row(i)->params[0].type != FTMRT_TYPE_SOURCES)
        i++;
    return call_row(i);
}

const char *call_list(struct arena *arena, enum ftmrt_category category)
{
    struct strbuf out;
    strbuf_init(&out, arena);
    for (uint32_t i = 0; i < CALL_COUNT; i++)
        if (call_row(i)->category == category)
            strbuf_addf(&out, "%s%s", out.len ? ", " : "", call_row(i)->name);
    return out.text;
}

const char *call_nearest(const char *name, enum ftmrt_category category)
{
    const char *names[CALL_COUNT];
    size_t count = 0;
    for (uint32_t i = 0; i < CALL_COUNT; i++)
        if (call_row(i)->category == category)
            names[count++] = call_row(i)->name;
    return str_nearest(name, names, count);
}

/* ---- texts ---- */

const struct call_chapter *call_chapter(uint32_t i)
{
    static const struct call_chapter chapters[] = {
        {FTMRT_CATEGORY_LAYER, "layers", "Layers"},
        {FTMRT_CATEGORY_INIT, "init", "Initial values of weights"},
        {FTMRT_CATEGORY_ADAPTER, "adapters", "Adapters"},
        {FTMRT_CATEGORY_LOSS, "losses", "Losses"},
        {FTMRT_CATEGORY_OPTIMIZER, "optimizers", "Optimizers"},
        {FTMRT_CATEGORY_SCHEDULE, "schedules", "Schedules of the learning rate"},
        {FTMRT_CATEGORY_TRANSFORM, "transforms", "Transforms"},
        {FTMRT_CATEGORY_MIX, "mixing", "Mixing the samples of a batch"},
        {FTMRT_CATEGORY_CACHE, "caches", "Where things are kept between epochs"},
        {FTMRT_CATEGORY_DATA, "sources", "Data sources"},
    };
    return i < sizeof chapters / sizeof *chapters ? &chapters[i] : NULL;
}

void call_default(struct strbuf *out, const struct ftmrt_param_info *p)
{
    if (!p->value || !*p->value)
        return;
    if (ftmrt_type_has_words(p->type))
        strbuf_addf(out, " = \"%.*s\"", (int)strcspn(p->value, "|"), p->value);
    else
        strbuf_addf(out, " = %s", p->value);
}

void call_signature(struct strbuf *out, const struct ftmrt_call_info *info)
{
    strbuf_addf(out, "%s(", info->name);
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct ftmrt_param_info *p = &info->params[i];
        const bool optional = p->value && !*p->value;
        strbuf_addf(out, "%s%s%s", i ? ", " : "", optional ? "[" : "", p->name);
        call_default(out, p);
        strbuf_add(out, optional ? "]" : "");
    }
    strbuf_addc(out, ')');
}
