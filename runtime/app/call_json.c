/* Calls of a recipe as JSON. */
#include "call_json.h"

#include <jansson.h>

static json_t *numbers_json(const struct ftmrt_arg *a)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < a->count; i++)
        json_array_append_new(list, json_real(a->numbers[i]));
    return list;
}

/* A transform's argument: none is a list of texts, or a call. */
static json_t *arg_json(enum ftmrt_type type, const struct ftmrt_arg *a)
{
    switch (a->kind) {
    case FTMRT_ARG_INTEGER:
        return type == FTMRT_TYPE_BOOL ? json_boolean(a->integer) : json_integer(a->integer);
    case FTMRT_ARG_NUMBER: return json_real(a->number);
    case FTMRT_ARG_TEXT: return json_string(a->text);
    case FTMRT_ARG_NUMBERS: return numbers_json(a);
    case FTMRT_ARG_NONE:
    case FTMRT_ARG_TEXTS:
    case FTMRT_ARG_CALLS: break;
    }
    return json_null();
}

static json_t *step_json(const struct ftmrt_call *c)
{
    const struct ftmrt_call_info *info = ftmrt_call_info(c->id);
    json_t *j = json_pack("{s:s}", "op", info->name);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (c->args[i].kind != FTMRT_ARG_NONE)
            json_object_set_new(j, info->params[i].name,
                                arg_json(info->params[i].type, &c->args[i]));
    return j;
}

char *pipeline_json(const struct ftmrt_pipeline *p)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < p->count; i++)
        json_array_append_new(list, step_json(&p->steps[i]));
    char *text = json_dumps(list, JSON_SORT_KEYS | JSON_COMPACT);
    json_decref(list);
    return text;
}
