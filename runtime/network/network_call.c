/* Calls of entries by what their values are for. */
#include "network.h"

#include <string.h>

/* The data of an input, or NULL; a number of the step is put into *scalar. */
static const void *input_data(const struct network_call *c, const struct ftmrt_value *v,
                              float *scalar)
{
    const bool number = v->role == FTMRT_ROLE_STEP;
    double value = number ? c->step : c->lr;
    if (v->role != FTMRT_ROLE_HYPER && !number)
        return c->find(c->from, (enum ftmrt_role)v->role, v->name);
    if (!number && strcmp(v->name, "lr") != 0 && !network_scalar(c->optimizer, v->name, &value))
        return NULL;
    *scalar = (float)value;
    return scalar;
}

static void *output_data(const struct network_call *c, const struct ftmrt_value *v)
{
    return v->role == FTMRT_ROLE_LOSS ? c->loss
                                      : c->find(c->from, (enum ftmrt_role)v->role, v->name);
}

enum ftmrt_status network_run(const struct network_call *c, const struct ftmrt_entry *e, int64_t n,
                              const struct ftmrt_value **missing)
{
    const void *inputs[NETWORK_VALUES];
    void *outputs[NETWORK_VALUES];
    float scalars[NETWORK_VALUES];
    *missing = NULL;
    if (e->input_count > NETWORK_VALUES || e->output_count > NETWORK_VALUES)
        return FTMRT_ERROR_LIMIT;
    for (uint32_t i = 0; i < e->input_count && !*missing; i++)
        if (!(inputs[i] = input_data(c, &e->inputs[i], &scalars[i])))
            *missing = &e->inputs[i];
    for (uint32_t i = 0; i < e->output_count && !*missing; i++)
        if (!(outputs[i] = output_data(c, &e->outputs[i])))
            *missing = &e->outputs[i];
    return *missing ? FTMRT_ERROR_NOT_FOUND : e->run(c->context, inputs, outputs, n);
}

bool network_takes_features(const struct ftmrt_entry *e)
{
    return ftmrt_find_value(e->inputs, e->input_count, FTMRT_ROLE_FEATURE, NULL) != NULL;
}
