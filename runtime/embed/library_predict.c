/* Prediction. */
#include <math.h>

#include "embed.h"

/* ---- what the network computes ---- */

/* inputs, outputs: the fields of an ftmx_inputs and an ftmx_outputs. */
static ftmx_status predict(ftmx_context *c, struct batch *b, const void *inputs,
                           const void *outputs)
{
    if (!context_takes_batch(c, FTMRT_ENTRY_PREDICT, b->n) ||
        !batch_takes_inputs(c, FTMRT_ENTRY_PREDICT, inputs, b) ||
        !batch_takes_outputs(c, outputs, b))
        return FTMX_ERROR_ARGUMENT;
    c->batch = *b;
    return context_run(c, FTMRT_ENTRY_PREDICT);
}

ftmx_status ftmx_predict(ftmx_context *context, const float *input, int64_t n, float *output)
{
    struct batch b = {.n = n};
    const ftmx_status status = context_begin_sound(context);
    if (status != FTMX_OK)
        return status;
    void *const outputs[NETWORK_VALUES] = {output};
    if (!context_takes_batch(context, FTMRT_ENTRY_PREDICT, n) ||
        !context_takes(context, output, n * model_output_count(context->model), sizeof *output,
                       "output"))
        return FTMX_ERROR_ARGUMENT;
    return predict(context, &b, &input, outputs);
}

ftmx_status ftmx_predict_named(ftmx_context *context, const ftmx_inputs *inputs, int64_t n,
                               const ftmx_outputs *outputs)
{
    struct batch b = {.n = n};
    const ftmx_status status = context_begin_sound(context);
    return status == FTMX_OK ? predict(context, &b, inputs, outputs) : status;
}

/* ---- probabilities ---- */

/* Softmax over the classes of each pixel (of one where there is no map), of logits that are divided: [classes, pixels]. */
static void over_classes(double *row, const float *logits, int64_t classes, int64_t pixels,
                         double temperature, float *p)
{
    for (int64_t i = 0; i < pixels; i++) {
        for (int64_t k = 0; k < classes; k++)
            row[k] = (double)logits[k * pixels + i] / temperature;
        ftmrt_softmax(classes, row, row);
        for (int64_t k = 0; k < classes; k++)
            p[k * pixels + i] = (float)row[k];
    }
}

/* Of each output by itself. */
static void of_labels(const float *logits, int64_t count, float *p)
{
    for (int64_t k = 0; k < count; k++)
        p[k] = (float)(1 / (1 + exp(-(double)logits[k])));
}

ftmx_status ftmx_probabilities(ftmx_context *context, const float *output, int64_t n,
                               float *probabilities)
{
    ftmx_status status = context_begin(context);
    if (status != FTMX_OK)
        return status;
    const struct model *m = context->model;
    const int64_t outputs = model_output_count(m), classes = network_logits(&m->program)->dim[1];
    const enum task task = network_task(m->program.recipe);
    if (!context_takes_batch(context, FTMRT_ENTRY_PREDICT, n) ||
        !context_takes(context, output, n * outputs, sizeof *output, "output") ||
        !context_takes(context, probabilities, n * outputs, sizeof *probabilities, "probabilities"))
        return FTMX_ERROR_ARGUMENT;
    for (int64_t i = 0; i < n; i++, output += outputs, probabilities += outputs) {
        if (task == TASK_LABELS)
            of_labels(output, outputs, probabilities);
        else if (task != TASK_NUMBERS)
            over_classes(context->row, output, classes, outputs / classes,
                         context->temperature > 0 ? context->temperature : 1, probabilities);
        else
            for (int64_t k = 0; k < outputs; k++)
                probabilities[k] = output[k];
    }
    return FTMX_OK;
}

float ftmx_threshold(const ftmx_context *context)
{
    return context_is_made(context) ? (float)context->threshold : 0;
}
