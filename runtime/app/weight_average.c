#include "weight_average.h"

#include <stdlib.h>

#include "report.h"

/* Statistics of batch norms are no parameters: they stay those of the weights that train, as in PyTorch. */
static bool is_averaged(const struct ftmrt_state *s)
{
    return s->kind == FTMRT_STATE_PARAMETER && s->flags & FTMRT_TRAINABLE && s->dtype == FTMRT_F32;
}

static float *weights_of(const struct weight_average *a, const struct averaged_state *s)
{
    /* Offsets are multiples of a cache line. */
    const size_t floats = a->program->states[s->state].offset / sizeof(float);
    return (float *)a->workspace + floats;
}

static struct averaged_state averaged_state(const struct ftmrt_program *p, uint32_t state)
{
    const struct ftmrt_state *s = &p->states[state];
    const int64_t count =
        ftmrt_layout_elements((enum ftmrt_layout)s->layout, s->layout_rank, s->layout_dim);
    return (struct averaged_state){.state = state,
                                   .name = app_format("%s/average", s->name),
                                   .values = app_alloc((size_t)count, sizeof(float)),
                                   .count = count};
}

struct weight_average *weight_average_open(const struct ftmrt_program *p, void *workspace,
                                           double decay)
{
    struct weight_average *a = app_alloc(1, sizeof *a);
    *a =
        (struct weight_average){.program = p,
                                .workspace = workspace,
                                .decay = decay,
                                .states = app_alloc(p->state_count, sizeof(struct averaged_state))};
    for (uint32_t i = 0; i < p->state_count; i++)
        if (is_averaged(&p->states[i]))
            a->states[a->count++] = averaged_state(p, i);
    return a;
}

void weight_average_close(struct weight_average *a)
{
    for (uint32_t i = 0; a && i < a->count; i++) {
        free(a->states[i].name);
        free(a->states[i].values);
    }
    if (a)
        free(a->states);
    free(a);
}

void weight_average_step(struct weight_average *a, int64_t step)
{
    for (uint32_t i = 0; a && i < a->count; i++) {
        const struct averaged_state *s = &a->states[i];
        const float *w = weights_of(a, s), part = step > 1 ? (float)(1 - a->decay) : 1;
        for (int64_t k = 0; k < s->count; k++)
            s->values[k] = part == 1 ? w[k] : s->values[k] + part * (w[k] - s->values[k]);
    }
}

void weight_average_swap(struct weight_average *a)
{
    for (uint32_t i = 0; a && i < a->count; i++) {
        const struct averaged_state *s = &a->states[i];
        float *w = weights_of(a, s);
        for (int64_t k = 0; k < s->count; k++) {
            const float mean = s->values[k];
            s->values[k] = w[k];
            w[k] = mean;
        }
    }
}
