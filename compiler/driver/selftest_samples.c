/* Numbers for `--selftest`: outputs, and what a step changes. The description is read a second time, since the passes have changed the
 * program: so they are tested, too, but for those that the gradients need. */
#include "selftest_samples.h"

#include <string.h>

#include "bind.h"
#include "graph.h"
#include "interp.h"
#include "network.h"

enum { MOST_VALUES = 1000 };

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

struct interp *selftest_interpreter(const struct compilation *c, struct arena *arena)
{
    const struct program *p = c->program;
    struct interp *in = interp_new(arena, p);
    const uint64_t seed = (uint64_t)recipe_integer(c->recipe, FTMRT_PARAM_finetune_seed);
    for (uint32_t i = 0; i < p->states.len; i++) {
        const struct state *s = &p->states.at[i];
        if (s->kind == FTMRT_STATE_TEACHER)
            continue; /* it has no part in what is tested */
        if (s->source >= 0)
            take_source(&in->states[i], &c->binding->tensors.at[s->source], s->type.dtype);
        else
            take_initial(arena, &in->states[i], s, seed);
    }
    return in;
}

/* The first function of a kind; NULL: there is none. */
const struct graph *selftest_function(const struct program *p, enum ftmrt_entry_kind kind)
{
    for (uint32_t i = 0; i < p->functions.len; i++)
        if (p->functions.at[i]->kind == kind)
            return p->functions.at[i];
    return NULL;
}

/* ---- inputs ---- */

/* An input of a step beside the samples: a number, or one for each output. */
static double other_input(const struct compilation *c, const struct node *n, int64_t k)
{
    const struct ftmrt_arg *phases = recipe_phases(c->recipe);
    const struct ftmrt_call *optimizer =
        phases->count ? ftmrt_call_inner(&phases->calls[0], FTMRT_PARAM_phase_optimizer)
                      : recipe_call(c->recipe, FTMRT_PARAM_finetune_optimizer);
    const enum ftmrt_role role = graph_input_role(n);
    double value = 1; /* the number of the step, and its rate */
    if (role == FTMRT_ROLE_HYPER && strcmp(n->attrs->label, "lr") != 0)
        network_scalar(optimizer, n->attrs->label, &value);
    if (role == FTMRT_ROLE_UNUSED)
        value = k < recipe_classes(c->recipe) ? 0 : (double)-1e30F;
    return value;
}

/* As the runtime sees an input: for what is drawn. */
static struct ftmrt_value value_of(const struct node *n)
{
    struct ftmrt_value v = {.name = n->attrs->label,
                            .dtype = (uint32_t)n->type.dtype,
                            .stored = (uint32_t)n->type.dtype,
                            .rank = n->type.shape.rank};
    memcpy(v.dim, n->type.shape.dim, sizeof v.dim);
    return v;
}

/* Draws an input of n samples from `first` on. */
static void draw_input(struct arena *arena, const struct compilation *c, const struct node *n,
                       uint32_t first, uint32_t count, struct tensor *t)
{
    const struct ftmrt_value v = value_of(n);
    const int64_t size = shape_elements(&n->type.shape, 1);
    unsigned char *values = arena_alloc(arena, ftmrt_value_bytes(&v, 1));
    *t = (struct tensor){n->type.shape, arena_array(arena, double, size *count)};
    for (uint32_t i = 0; i < count; i++) {
        if (graph_input_role(n) == FTMRT_ROLE_LABEL)
            network_selftest_label(&v, recipe_classes(c->recipe), first + i, values);
        else
            network_selftest_input(&v, first + i, values);
        for (int64_t k = 0; k < size; k++)
            t->data[i * size + k] = ftmrt_load_double(n->type.dtype, values, k);
    }
}

static void other_values(struct arena *arena, const struct compilation *c, const struct node *n,
                         struct tensor *t)
{
    const int64_t size = shape_elements(&n->type.shape, 1);
    *t = (struct tensor){n->type.shape, arena_array(arena, double, size)};
    float *weights = arena_array(arena, float, size);
    if (graph_input_role(n) == FTMRT_ROLE_CLASS_WEIGHT)
        network_class_weights(recipe_call(c->recipe, FTMRT_PARAM_finetune_loss), size, weights);
    for (int64_t k = 0; k < size; k++)
        t->data[k] = graph_input_role(n) == FTMRT_ROLE_CLASS_WEIGHT ? (double)weights[k]
                                                                    : other_input(c, n, k);
}

/* Integers are 0, which any meaning of them allows. */
struct tensor *selftest_inputs(struct arena *arena, const struct compilation *c,
                               const struct graph *g, uint32_t first, uint32_t samples)
{
    struct tensor *inputs = arena_array(arena, struct tensor, g->nodes.len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        const struct node *n = &g->nodes.at[i];
        if (n->dead || n->op != OP_input)
            continue;
        const enum ftmrt_role role = graph_input_role(n);
        if (role == FTMRT_ROLE_INPUT || role == FTMRT_ROLE_LABEL)
            draw_input(arena, c, n, first, samples, &inputs[count++]);
        else
            other_values(arena, c, n, &inputs[count++]);
    }
    return inputs;
}

/* ---- logits ---- */

/* The first of its logits, of which so many are kept, spread over all. */
static void run_sample(const struct compilation *c, struct interp *in, uint32_t sample,
                       struct ftmrt_selftest *out, double *values)
{
    struct arena own;
    arena_init(&own, "selftest");
    const struct graph *g = selftest_function(c->program, FTMRT_ENTRY_PREDICT);
    FTM_BUG_ON(!g, "a program that predicts nothing");
    struct tensor *outputs = arena_array(&own, struct tensor, g->outputs.len);
    interp_run(in, &own, g, 1, selftest_inputs(&own, c, g, sample, 1), outputs, NULL);
    uint32_t first = 0;
    while (graph_output_role(&g->outputs.at[first]) != FTMRT_ROLE_LOGITS)
        first++;
    const int64_t size = shape_elements(&outputs[first].shape, 1);
    out->values = (uint32_t)(size < MOST_VALUES ? size : MOST_VALUES);
    for (uint32_t i = 0; i < out->values; i++)
        values[i] = outputs[first].data[(int64_t)i * size / out->values];
    arena_clear(&own);
}

static void run_samples(struct arena *arena, struct compilation *c, struct ftmrt_selftest *out)
{
    double *values = arena_array(arena, double, SELFTEST_SAMPLES *MOST_VALUES);
    struct interp *in = selftest_interpreter(c, &c->arena);
    out->samples = SELFTEST_SAMPLES;
    for (uint32_t i = 0; i < SELFTEST_SAMPLES; i++)
        run_sample(c, in, i, out, values + (size_t)i * out->values);
    out->logits = values;
}

const struct ftmrt_selftest *selftest_samples(struct compilation *c)
{
    struct compilation again = {.options = c->options, .cpu = c->cpu};
    arena_init(&again.arena, "selftest");
    diag_init(&again.diag, &again.arena);
    struct ftmrt_selftest *out = NULL;
    if (compilation_program(&again)) {
        out = arena_new(&c->arena, struct ftmrt_selftest);
        run_samples(&c->arena, &again, out);
        selftest_step(&c->arena, c->program, &again, out);
    }
    compilation_close_weights(&again);
    arena_clear(&again.arena);
    return out;
}
