/* Numbers that are not finite. */
#include "not_finite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

static int64_t first_not_finite(const float *v, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(v[i]))
            return i;
    return -1;
}

/* A state's values, [count], allocated; NULL where they are no floats. */
static float *state_values(const struct session *s, uint32_t index, int64_t *count)
{
    const struct ftmrt_state *state = &s->program->states[index];
    if (state->kind == FTMRT_STATE_SLOT || state->dtype != FTMRT_F32)
        return NULL;
    *count = ftmrt_elements(state->rank, state->dim);
    const size_t bytes = (size_t)*count * sizeof(float);
    float *values = app_alloc((size_t)*count, sizeof(float));
    if (ftmrt_get_state(s->program, s->workspace, index, values, bytes) == FTMRT_OK)
        return values;
    free(values);
    return NULL;
}

const struct ftmrt_state *not_finite_state(const struct session *s, bool all)
{
    const struct ftmrt_program *p = s->program;
    for (uint32_t i = 0; i < p->state_count; i++) {
        int64_t count = 0;
        float *values =
            all || p->states[i].flags & FTMRT_MUTABLE ? state_values(s, i, &count) : NULL;
        const bool bad = values && first_not_finite(values, count) >= 0;
        free(values);
        if (bad)
            return &p->states[i];
    }
    return NULL;
}

/* By PyTorch's key: nothing else in a program says what a statistic is. */
static bool is_variance(const struct ftmrt_state *s)
{
    static const char key[] = "running_var";
    const size_t n = strlen(s->name), k = sizeof key - 1;
    return s->kind == FTMRT_STATE_BUFFER && n >= k && !strcmp(s->name + n - k, key);
}

const struct ftmrt_state *negative_variance(const struct session *s)
{
    const struct ftmrt_program *p = s->program;
    for (uint32_t i = 0; i < p->state_count; i++) {
        int64_t count = 0;
        float *values = is_variance(&p->states[i]) ? state_values(s, i, &count) : NULL;
        bool bad = false;
        for (int64_t k = 0; values && k < count; k++)
            bad = bad || values[k] < 0;
        free(values);
        if (bad)
            return &p->states[i];
    }
    return NULL;
}

int64_t not_finite_input(const struct session *s, const struct config_input *input, int64_t n)
{
    const int64_t size = input->channels * input->height * input->width,
                  at = first_not_finite(s->inputs, n * size);
    return at < 0 ? -1 : at / size;
}
