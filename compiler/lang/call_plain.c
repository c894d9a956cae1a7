/* Bound arguments as plain data, as programs get them: without places, and lists of one kind. */
#include "calls.h"

static struct ftmrt_arg plain_list(struct arena *arena, const struct value *v)
{
    if (v->count && v->items[0].kind == VALUE_STRING) {
        const char **texts = arena_array(arena, const char *, v->count);
        for (uint32_t i = 0; i < v->count; i++)
            texts[i] = v->items[i].text;
        return (struct ftmrt_arg){FTMRT_ARG_TEXTS, v->count, {.texts = texts}};
    }
    if (v->count && v->items[0].kind == VALUE_CALL) {
        struct ftmrt_call *calls = arena_array(arena, struct ftmrt_call, v->count);
        for (uint32_t i = 0; i < v->count; i++)
            calls[i] = plain_call(arena, v->items[i].call);
        return (struct ftmrt_arg){FTMRT_ARG_CALLS, v->count, {.calls = calls}};
    }
    double *numbers = arena_array(arena, double, v->count);
    for (uint32_t i = 0; i < v->count; i++)
        numbers[i] = value_number(&v->items[i]);
    return (struct ftmrt_arg){FTMRT_ARG_NUMBERS, v->count, {.numbers = numbers}};
}

struct ftmrt_arg plain_arg(struct arena *arena, const struct value *v)
{
    struct ftmrt_call *call;
    switch (v->kind) {
    case VALUE_INT:
    case VALUE_BOOL: return (struct ftmrt_arg){FTMRT_ARG_INTEGER, 0, {.integer = v->integer}};
    case VALUE_FLOAT:
    case VALUE_PERCENT:
    case VALUE_EPOCHS: return (struct ftmrt_arg){FTMRT_ARG_NUMBER, 0, {.number = v->real}};
    case VALUE_STRING: return (struct ftmrt_arg){FTMRT_ARG_TEXT, 0, {.text = v->text}};
    case VALUE_LIST: return plain_list(arena, v);
    case VALUE_CALL:
        call = arena_new(arena, struct ftmrt_call);
        *call = plain_call(arena, v->call);
        return (struct ftmrt_arg){FTMRT_ARG_CALLS, 1, {.calls = call}};
    case VALUE_ERROR:
    case VALUE_ABSENT:
    case VALUE_SYMBOL:
    case VALUE_TENSOR:
    case VALUE_DECL: break;
    }
    return (struct ftmrt_arg){FTMRT_ARG_NONE, 0, {0}};
}

struct ftmrt_call plain_call(struct arena *arena, const struct bound_call *c)
{
    struct ftmrt_arg *args = arena_array(arena, struct ftmrt_arg, c->info->param_count);
    for (uint32_t i = 0; i < c->info->param_count; i++)
        args[i] = plain_arg(arena, &c->args[i]);
    return (struct ftmrt_call){ftmrt_call_id(c->info), args};
}

int64_t call_int(const struct bound_call *c, uint32_t i) { return c->args[i].integer; }

double call_float(const struct bound_call *c, uint32_t i) { return c->args[i].real; }

bool call_bool(const struct bound_call *c, uint32_t i) { return c->args[i].integer != 0; }
