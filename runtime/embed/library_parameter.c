/* Parameters and buffers by their names. */
#include <math.h>
#include <string.h>

#include "embed.h"

_Static_assert(FTMRT_MAX_RANK == 6, "ftmx_parameter.shape has the dimensions of a state");

/* ---- states ---- */

bool state_is_open(const struct ftmrt_state *s)
{
    return s->kind != FTMRT_STATE_SLOT && (s->flags & FTMRT_MUTABLE) != 0;
}

bool state_find(const struct ftmrt_program *p, const char *name, uint32_t *state)
{
    for (*state = 0; *state < p->state_count; ++*state)
        if (p->states[*state].kind != FTMRT_STATE_SLOT && !strcmp(p->states[*state].name, name))
            return true;
    return false;
}

size_t states_end(const struct ftmrt_program *p)
{
    size_t end = 0;
    for (uint32_t i = 0; i < p->state_count; i++) {
        const struct ftmrt_state *s = &p->states[i];
        if (s->flags & FTMRT_MUTABLE && s->offset + ftmrt_state_space(s) > end)
            end = s->offset + ftmrt_state_space(s);
    }
    return end;
}

/* ---- by name ---- */

/* State i of those that a state dict has; NULL behind the last. */
static const struct ftmrt_state *state_at(const struct ftmrt_program *p, int64_t i)
{
    for (uint32_t k = 0; k < p->state_count; k++)
        if (p->states[k].kind != FTMRT_STATE_SLOT && i-- == 0)
            return &p->states[k];
    return NULL;
}

ftmx_status ftmx_parameter_at(const ftmx_model *model, int64_t i, ftmx_parameter *parameter)
{
    const struct model *m = model_of(model);
    if (!m || i < 0 || !parameter)
        return FTMX_ERROR_ARGUMENT;
    const struct ftmrt_state *s = state_at(&m->program, i);
    if (!s)
        return FTMX_ERROR_NOT_FOUND;
    *parameter = (ftmx_parameter){.name = s->name,
                                  .rank = (int)s->rank,
                                  .count = ftmrt_elements(s->rank, s->dim),
                                  .open = state_is_open(s)};
    memcpy(parameter->shape, s->dim, s->rank * sizeof *s->dim);
    return FTMX_OK;
}

/* The number of the state of that name that has so many elements; a status after context_fail. */
static ftmx_status find_parameter(ftmx_context *c, const char *name, const void *values,
                                  int64_t count, uint32_t *state)
{
    const struct ftmrt_program *p = &c->model->program;
    if (!name)
        return context_fail(c, FTMX_ERROR_ARGUMENT, "the name is NULL");
    if (!state_find(p, name, state))
        return context_fail(c, FTMX_ERROR_NOT_FOUND, "the network has no parameter '%s'", name);
    const int64_t elements = ftmrt_elements(p->states[*state].rank, p->states[*state].dim);
    if (elements != count)
        return context_fail(c, FTMX_ERROR_ARGUMENT, "%s has %d elements, not %d", name, elements,
                            count);
    return context_takes(c, values, count, sizeof(float), "values") ? FTMX_OK : FTMX_ERROR_ARGUMENT;
}

ftmx_status ftmx_get_parameter(ftmx_context *context, const char *name, float *values,
                               int64_t count)
{
    uint32_t state = 0;
    ftmx_status status = context_begin(context);
    if (status == FTMX_OK)
        status = find_parameter(context, name, values, count, &state);
    if (status != FTMX_OK)
        return status;
    const struct ftmrt_program *p = &context->model->program;
    const enum ftmrt_dtype dtype = (enum ftmrt_dtype)p->states[state].dtype;
    const size_t bytes = (size_t)count * ftmrt_dtype_size(dtype);
    void *row_major = dtype == FTMRT_F32 ? (void *)values : context->staging;
    if (ftmrt_get_state(p, context->call.workspace, state, row_major, bytes) != FTMRT_OK)
        return context_fail(context, FTMX_ERROR_NOT_FOUND,
                            "%s is not kept: the library has only what was computed of it", name);
    if (dtype != FTMRT_F32)
        ftmrt_convert(dtype, row_major, FTMRT_F32, (unsigned char *)values, count);
    return FTMX_OK;
}

ftmx_status ftmx_set_parameter(ftmx_context *context, const char *name, const float *values,
                               int64_t count)
{
    uint32_t state = 0;
    ftmx_status status = context_begin(context);
    if (status == FTMX_OK)
        status = find_parameter(context, name, values, count, &state);
    if (status != FTMX_OK)
        return status;
    const struct ftmrt_program *p = &context->model->program;
    const struct ftmrt_state *s = &p->states[state];
    const void *row_major = values;
    if (!state_is_open(s))
        return context_fail(context, FTMX_ERROR_FROZEN, "%s is a constant of this library", name);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return context_fail(context, FTMX_ERROR_NOT_FINITE, "element %d is not finite", i);
    if (s->dtype != FTMRT_F32) {
        ftmrt_convert(FTMRT_F32, (const unsigned char *)values, (enum ftmrt_dtype)s->dtype,
                      context->staging, count);
        row_major = context->staging;
    }
    return ftmrt_set_state(p, context->call.workspace, state, row_major, ftmrt_state_bytes(s)) ==
                   FTMRT_OK
               ? FTMX_OK
               : context_fail(context, FTMX_ERROR_MISMATCH, "%s cannot be set", name);
}
