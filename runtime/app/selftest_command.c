/* The command `selftest`: the constants in use are what their source tensors say, frozen tensors
 * are untouched by a trained file, and a forward pass is finite and repeatable; and, where it was compiled with numbers for that, outputs and
 * a step are those of double precision. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "fingerprint.h"
#include "network.h"
#include "not_finite.h"
#include "report.h"
#include "session.h"
#include "weights_choice.h"

/* A state's value in double precision, row-major. */
static double *state_value(const struct session *s, uint32_t index)
{
    const struct ftmrt_state *state = &s->program->states[index];
    int64_t n = ftmrt_elements(state->rank, state->dim);
    float *f = app_alloc((size_t)n, sizeof(float));
    double *d = app_alloc((size_t)n, sizeof(double));
    if (ftmrt_get_state(s->program, s->workspace, index, f, (size_t)n * sizeof(float)) == FTMRT_OK)
        for (int64_t i = 0; i < n; i++)
            d[i] = (double)f[i];
    free(f);
    return d;
}

/* Compares a stored constant with its value packed again. */
static bool same_as_blob(const struct ftmrt_program *p, const struct ftmrt_derive *d,
                         const double *value)
{
    int64_t n = ftmrt_elements(d->rank, d->dim),
            packed = ftmrt_layout_elements((enum ftmrt_layout)d->layout, d->rank, d->dim);
    float *plain = app_alloc((size_t)n, sizeof(float)),
          *again = app_alloc((size_t)packed, sizeof(float));
    for (int64_t i = 0; i < n; i++)
        plain[i] = (float)value[i];
    ftmrt_pack((enum ftmrt_layout)d->layout, d->rank, d->dim, plain, again);
    bool same = !memcmp(again, p->blob + d->offset, (size_t)packed * sizeof(float));
    free(plain);
    free(again);
    return same;
}

/* Whether constants cannot be made again here, as what they were computed of is not kept. */
static bool has_hashed(const struct ftmrt_program *p)
{
    for (uint32_t i = 0; i < p->tensor_count; i++)
        if (p->tensors[i].hashed)
            return true;
    return false;
}

static bool check_bytes(const struct ftmrt_program *p)
{
    const bool same = fingerprint_blocks(p->blob, (size_t)p->blob_size) == p->selftest->blob_hash;
    printf("constants   %llu bytes, %s\n", (unsigned long long)p->blob_size,
           same ? "as they were compiled" : "NOT as they were compiled");
    return same;
}

static bool check_constants(const struct session *s)
{
    const struct ftmrt_program *p = s->program;
    if (has_hashed(p))
        return check_bytes(p);
    double **results = app_alloc(p->derive_count, sizeof(double *));
    uint32_t stored = 0, wrong = 0;
    for (uint32_t i = 0; i < p->derive_count; i++) {
        const struct ftmrt_derive *d = &p->derives[i];
        double *in[3] = {NULL, NULL, NULL};
        for (int k = 0; k < 3 && d->in[k] != INT32_MIN; k++)
            in[k] = d->in[k] >= 0 ? results[d->in[k]] : state_value(s, (uint32_t)(-1 - d->in[k]));
        results[i] = app_alloc((size_t)ftmrt_elements(d->rank, d->dim), sizeof(double));
        ftmrt_derive_eval(d, (const double *const *)in, results[i]);
        if (d->stored) {
            stored++;
            wrong += !same_as_blob(p, d, results[i]);
        }
        for (int k = 0; k < 3 && d->in[k] != INT32_MIN; k++)
            if (d->in[k] < 0)
                free(in[k]);
    }
    for (uint32_t i = 0; i < p->derive_count; i++)
        free(results[i]);
    free(results);
    printf("constants   %u packed from their source tensors again: %u differ\n", stored, wrong);
    return wrong == 0;
}

static bool check_forward(struct session *s)
{
    const struct config_input *input = &s->config.input_eval;
    int64_t count = s->config.output_count, size = input->channels * input->height * input->width;
    for (int64_t i = 0; i < size; i++)
        s->inputs[i] = (float)(2 * ftmrt_uniform(1, 2, (uint64_t)i, FTMRT_USE_SELFTEST) - 1);
    float *first = app_alloc((size_t)count, sizeof(float));
    bool ok = session_predict(s, 1);
    memcpy(first, s->logits, (size_t)count * sizeof(float));
    int threads = s->threads;
    s->threads = 1;
    ok = ok && session_predict(s, 1);
    s->threads = threads;
    bool same = ok && !memcmp(first, s->logits, (size_t)count * sizeof(float)), finite = true;
    for (int64_t k = 0; k < count; k++)
        finite = finite && isfinite(first[k]);
    free(first);
    printf("forward     %s, %s with 1 thread and %d\n", finite ? "finite" : "NOT FINITE",
           same ? "the same bits" : "DIFFERENT BITS", threads);
    return ok && same && finite;
}

/* Sample `sample` becomes image `place` of the batch. */
static void draw_inputs(struct session *s, enum ftmrt_entry_kind kind, uint32_t sample,
                        int64_t place)
{
    const struct ftmrt_value *v;
    for (uint32_t i = 0; (v = network_input_at(s->program, kind, i)); i++) {
        unsigned char *to = (void *)session_input(s, v->name);
        network_selftest_input(v, sample, to + (size_t)place * ftmrt_value_bytes(v, 1));
    }
}

/* With the weights in the program, which no file has replaced yet. */
static bool check_stored(struct session *s)
{
    const struct ftmrt_selftest *t = s->program->selftest;
    bool ok = true;
    for (uint32_t i = 0; i < t->samples; i++) {
        draw_inputs(s, FTMRT_ENTRY_PREDICT, i, 0);
        const bool ran = session_predict(s, 1);
        const double far =
            ran ? network_selftest_logits(t, i, s->logits, s->config.output_count) : 0;
        const bool near = ran && far <= NETWORK_SELFTEST_LOGITS;
        printf("sample %u    outputs are within %.1e of those in double precision%s\n", i + 1, far,
               near ? "" : ": TOO FAR, a weight or an instruction is not what was compiled");
        ok = ok && near;
    }
    return ok;
}

/* The product of a state with the direction in which its changes are measured. */
static double project(const struct session *s, uint32_t state)
{
    const struct ftmrt_state *t = &s->program->states[state];
    float *values = app_alloc(ftmrt_state_bytes(t), 1);
    ftmrt_get_state(s->program, s->workspace, state, values, ftmrt_state_bytes(t));
    const double sum =
        network_selftest_projection(t->name, values, ftmrt_elements(t->rank, t->dim));
    free(values);
    return sum;
}

/* The state that a step has changed farthest from what it should have; *far: how far. */
static const char *farthest_state(const struct session *s, double *far)
{
    const struct ftmrt_selftest *t = s->program->selftest;
    uint32_t worst = 0;
    *far = 0;
    for (uint32_t i = 0; i < t->step_count; i++) {
        const struct ftmrt_selftest_state *stored = &t->step[i];
        const double d = network_selftest_state(stored, project(s, stored->state));
        worst = d <= *far ? worst : i;
        *far = d <= *far ? *far : d;
    }
    return s->program->states[t->step[worst].state].name;
}

/* The first step on the samples: gradients and the optimizer. Behind it the weights are those of before. */
static bool check_step(struct session *s)
{
    const struct ftmrt_program *p = s->program;
    const struct ftmrt_selftest *t = p->selftest;
    const struct ftmrt_value *label = network_label(p, FTMRT_ENTRY_TRAIN);
    float loss;
    double far = 0;
    if (!t->step_count)
        return true;
    for (uint32_t i = 0; i < t->step_samples; i++) {
        draw_inputs(s, FTMRT_ENTRY_TRAIN, i, i);
        network_selftest_label(label, s->config.classes, i,
                               (unsigned char *)s->labels + i * ftmrt_value_bytes(label, 1));
    }
    const bool ran = session_train_step(s, t->step_samples, 1, 1, &loss);
    const char *state = ran ? farthest_state(s, &far) : NULL;
    const bool near = ran && far <= NETWORK_SELFTEST_STEP;
    if (ran)
        printf("step        what it changes in %u states is within %.1e of that in double "
               "precision%s%s\n",
               t->step_count, far, near ? "" : ": TOO FAR in ", near ? "" : state);
    return ftmrt_init_workspace(p, s->workspace, s->config.seed) == FTMRT_OK && near;
}

static bool check_denormals(const struct session *s)
{
    struct ftmrt_context context = {.workspace = s->workspace, .threads = s->threads};
    const char *wrong = network_selftest_denormals(&context);
    printf("denormals   %s%s\n", wrong ? "WRONG: " : "are 0 while it computes, in each thread",
           wrong ? wrong : "");
    return !wrong;
}

/* Names what makes a network's answers no numbers. */
static bool check_states(const struct session *s)
{
    const struct ftmrt_state *bad = not_finite_state(s, true), *negative = negative_variance(s);
    if (bad)
        printf("states      '%s' has values that are NOT FINITE\n", bad->name);
    else if (negative)
        printf("states      '%s' has values BELOW 0, of which batch norm makes NaN\n",
               negative->name);
    else
        printf("states      finite\n");
    return !bad && !negative;
}

int command_selftest(const struct ftmrt_program *p, const struct options *o)
{
    struct session s;
    if (!session_open(&s, p, app_threads(o), NULL))
        return EXIT_ERROR;
    printf("processor   %s: supported\n", p->cpu);
    bool ok = check_constants(&s);
    ok = check_denormals(&s) && ok;
    ok = check_stored(&s) && ok;
    ok = check_step(&s) && ok;
    if (!weights_are_trained(&s, o))
        printf("weights     not trained yet: the new layers have their initial values\n");
    else if (weights_take(&s, o))
        printf("weights     %s: frozen tensors equal the pretrained ones\n", s.weights_from);
    else
        ok = false;
    ok = check_states(&s) && ok;
    ok = check_forward(&s) && ok;
    printf("%s\n", ok ? "all checks passed" : "FAILED");
    session_close(&s);
    return ok ? EXIT_OK : EXIT_ERROR;
}
