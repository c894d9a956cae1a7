/* Outputs for `--selftest`. The description is read a second time, since the passes have changed the program: so they are
 * tested, too. */
#include "selftest_samples.h"

#include <string.h>

#include "bind.h"
#include "graph.h"
#include "interp.h"

enum { SAMPLES = 2, MOST_VALUES = 1000 };

static void take_source(struct tensor *to, const struct weight_tensor *t, enum ftmrt_dtype dtype)
{
    const int64_t count = shape_elements(&to->shape, 1);
    for (int64_t i = 0; i < count; i++) {
        const double v = ftmrt_load_double(t->dtype, t->data, i);
        to->data[i] = dtype == FTMRT_F32 ? (double)(float)v : v;
    }
}

/* What a layer begins with that no tensor is for. */
static void take_initial(struct arena *arena, struct tensor *to, const struct state *s,
                         uint64_t seed)
{
    struct ftmrt_state initial = {.name = s->name,
                                  .rank = s->file_shape.rank,
                                  .init = (uint32_t)s->init,
                                  .init_arg = s->init_arg,
                                  .fan_in = s->fan_in};
    memcpy(initial.dim, s->file_shape.dim, sizeof initial.dim);
    const int64_t count = shape_elements(&to->shape, 1);
    float *values = arena_array(arena, float, count);
    ftmrt_initial_value(&initial, seed, values);
    for (int64_t i = 0; i < count; i++)
        to->data[i] = (double)values[i];
}

static struct interp *interpreter(struct compilation *c)
{
    const struct program *p = c->program;
    struct interp *in = interp_new(&c->arena, p);
    const uint64_t seed = (uint64_t)recipe_integer(c->recipe, FTMRT_PARAM_finetune_seed);
    for (uint32_t i = 0; i < p->states.len; i++) {
        const struct state *s = &p->states.at[i];
        if (s->source >= 0)
            take_source(&in->states[i], &c->binding->tensors.at[s->source], s->type.dtype);
        else
            take_initial(&c->arena, &in->states[i], s, seed);
    }
    return in;
}

static const struct graph *predicting(const struct program *p)
{
    for (uint32_t i = 0; i < p->functions.len; i++)
        if (p->functions.at[i]->kind == FTMRT_ENTRY_PREDICT)
            return p->functions.at[i];
    FTM_BUG("a program that predicts nothing");
}

/* Integers are 0, which any meaning of them allows. */
static struct tensor *draw_inputs(struct arena *arena, const struct graph *g, uint32_t sample)
{
    struct tensor *inputs = arena_array(arena, struct tensor, g->nodes.len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (n->dead || n->op != OP_input)
            continue;
        const int64_t size = shape_elements(&n->type.shape, 1);
        const uint64_t name = ftmrt_name_hash(n->attrs->label);
        struct tensor *t = &inputs[count++];
        *t = (struct tensor){n->type.shape, arena_array(arena, double, size)};
        for (int64_t k = 0; k < size && n->type.dtype == FTMRT_F32; k++)
            t->data[k] = (double)ftmrt_selftest_input(sample, name, k);
    }
    return inputs;
}

/* The first of its logits, of which so many are kept, spread over all. */
static void run_sample(struct interp *in, const struct graph *g, uint32_t sample,
                       struct ftmrt_selftest *out, double *values)
{
    struct arena own;
    arena_init(&own, "selftest");
    struct tensor *outputs = arena_array(&own, struct tensor, g->outputs.len);
    interp_run(in, &own, g, 1, draw_inputs(&own, g, sample), outputs, NULL);
    uint32_t first = 0;
    while (graph_output_role(&g->outputs.at[first]) != FTMRT_ROLE_LOGITS)
        first++;
    const int64_t size = shape_elements(&outputs[first].shape, 1);
    out->values = (uint32_t)(size < MOST_VALUES ? size : MOST_VALUES);
    for (uint32_t i = 0; i < out->values; i++)
        values[i] = outputs[first].data[(int64_t)i * size / out->values];
    arena_clear(&own);
}

const struct ftmrt_selftest *selftest_samples(struct compilation *c)
{
    struct compilation again = {.options = c->options, .cpu = c->cpu};
    arena_init(&again.arena, "selftest");
    diag_init(&again.diag, &again.arena);
    struct ftmrt_selftest *out = NULL;
    if (compilation_program(&again)) {
        out = arena_new(&c->arena, struct ftmrt_selftest);
        double *values = arena_array(&c->arena, double, SAMPLES *MOST_VALUES);
        struct interp *in = interpreter(&again);
        const struct graph *g = predicting(again.program);
        out->samples = SAMPLES;
        for (uint32_t i = 0; i < SAMPLES; i++)
            run_sample(in, g, i, out, values + (size_t)i * out->values);
        out->logits = values;
    }
    if (again.weights)
        weights_close(again.weights);
    arena_clear(&again.arena);
    return out;
}
