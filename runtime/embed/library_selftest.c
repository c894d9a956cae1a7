/* Whether the library computes here what the compiler's interpreter does: of a context that is made for this, and made again behind it. */
#include <string.h>

#include "embed.h"
#include "fingerprint.h"
#include "rounding.h"

/* ---- samples ---- */

/* Bytes of the images of a step, or of one image, from an input's beginning to the next one's. */
static size_t input_bytes(const struct ftmrt_value *v)
{
    return align_up(ftmrt_value_bytes(v, 1), FTMX_ALIGNMENT);
}

static size_t label_bytes(const struct ftmrt_program *p)
{
    const struct ftmrt_value *v = network_label(p, FTMRT_ENTRY_TRAIN);
    return v ? ftmrt_value_bytes(v, 1) : 0;
}

static size_t samples_bytes(const struct ftmrt_program *p, enum ftmrt_entry_kind kind)
{
    size_t bytes = 0;
    const struct ftmrt_value *v;
    for (uint32_t i = 0; (v = network_input_at(p, kind, i)); i++)
        bytes += input_bytes(v);
    return bytes;
}

size_t selftest_bytes(const struct ftmrt_program *p)
{
    const struct ftmrt_selftest *t = p->selftest;
    if (!t || !t->samples)
        return 0;
    const size_t predict = samples_bytes(p, FTMRT_ENTRY_PREDICT),
                 train = samples_bytes(p, FTMRT_ENTRY_TRAIN),
                 most = t->step_samples > 1 ? t->step_samples : 1;
    return most * ((predict > train ? predict : train) + label_bytes(p));
}

/* A batch of n samples from `first` on in the context's memory. */
static void draw(ftmx_context *c, enum ftmrt_entry_kind kind, uint32_t first, uint32_t n)
{
    const struct ftmrt_program *p = &c->model->program;
    unsigned char *at = c->samples;
    const struct ftmrt_value *v;
    c->batch = (struct batch){.n = n};
    for (uint32_t i = 0; (v = network_input_at(p, FTMRT_ENTRY_PREDICT, i)); i++) {
        const struct ftmrt_value *taken = network_input_named(p, kind, v->name);
        c->batch.inputs[i] = at;
        for (uint32_t k = 0; taken && k < n; k++)
            network_selftest_input(taken, first + k, at + k * ftmrt_value_bytes(taken, 1));
        at += taken ? n * input_bytes(taken) : 0;
    }
    const struct ftmrt_value *label = network_label(p, kind);
    c->batch.labels = at;
    for (uint32_t k = 0; label && k < n; k++)
        network_selftest_label(label, context_class_count(c), first + k,
                               at + k * ftmrt_value_bytes(label, 1));
}

/* ---- checks ---- */

static ftmx_status fail(ftmx_context *c, const char *what)
{
    return context_fail(c, FTMX_ERROR_SELFTEST, "%s", what);
}

static ftmx_status check_logits(ftmx_context *c)
{
    const struct ftmrt_selftest *t = c->model->program.selftest;
    for (uint32_t i = 0; i < t->samples; i++) {
        draw(c, FTMRT_ENTRY_PREDICT, i, 1);
        float *logits = context_value(c, FTMRT_ROLE_LOGITS, NULL);
        c->batch.outputs[0] = logits;
        const ftmx_status status = context_run(c, FTMRT_ENTRY_PREDICT);
        if (status != FTMX_OK)
            return status;
        if (!(network_selftest_logits(t, i, logits, model_output_count(c->model)) <=
              NETWORK_SELFTEST_LOGITS))
            return fail(c, "outputs are not those of the compiler: a weight or an instruction is "
                           "not what was compiled");
    }
    return FTMX_OK;
}

static ftmx_status check_state(ftmx_context *c, const struct ftmrt_selftest_state *stored)
{
    const struct ftmrt_program *p = &c->model->program;
    const struct ftmrt_state *s = &p->states[stored->state];
    const float *values = (const void *)c->staging;
    ftmrt_get_state(p, c->call.workspace, stored->state, c->staging, ftmrt_state_bytes(s));
    const double got =
        network_selftest_projection(s->name, values, ftmrt_elements(s->rank, s->dim));
    if (network_selftest_state(stored, got) <= NETWORK_SELFTEST_STEP)
        return FTMX_OK;
    return context_fail(c, FTMX_ERROR_SELFTEST,
                        "what a step changes in %s is not what it should be", s->name);
}

static ftmx_status check_step(ftmx_context *c)
{
    const struct ftmrt_selftest *t = c->model->program.selftest;
    if (!t->step_count)
        return FTMX_OK;
    draw(c, FTMRT_ENTRY_TRAIN, 0, t->step_samples);
    c->lr = 1;
    ftmx_status status = train_run(c, NULL);
    for (uint32_t i = 0; status == FTMX_OK && i < t->step_count; i++)
        status = check_state(c, &t->step[i]);
    return status;
}

/* What was compiled is known of the weights that were compiled. */
static ftmx_status check_numbers(ftmx_context *c)
{
    const struct ftmrt_program *p = &c->model->program;
    if (p->identity.weights != ftmx_program.identity.weights)
        return FTMX_OK;
    if (p->blob == ftmx_program.blob &&
        fingerprint_blocks(p->blob, (size_t)p->blob_size) != p->selftest->blob_hash)
        return fail(c, "the weights in memory are not those that were compiled");
    const ftmx_status status = check_logits(c);
    return status == FTMX_OK ? check_step(c) : status;
}

/* Tests a context that has just been made, whose sentence tells what is wrong. */
static ftmx_status check(ftmx_context *c)
{
    const char *wrong = network_selftest_denormals(&c->call);
    return wrong ? fail(c, wrong) : check_numbers(c);
}

ftmx_status ftmx_selftest(const ftmx_model *model, const ftmx_options *options, void *workspace,
                          size_t bytes, ftmx_context **context)
{
    char sentence[CONTEXT_ERROR];
    ftmx_status status = ftmx_init(model, options, workspace, bytes, context);
    if (status != FTMX_OK)
        return status;
    const struct ftmrt_recipe *r = (*context)->model->program.recipe;
    ftmx_options seeded = (*context)->options;
    seeded.seed = (uint64_t)ftmrt_call_integer(&r->finetune, FTMRT_PARAM_finetune_seed);
    ftmx_init(model, &seeded, workspace, bytes, context);
    status = check(*context);
    memcpy(sentence, (*context)->error, sizeof sentence);
    ftmx_init(model, options, workspace, bytes, context);
    memcpy((*context)->error, sentence, sizeof sentence);
    return status;
}
