/* Prediction. */
#include <math.h>

#include "embed.h"

/* ---- arguments ---- */

static bool overlap(const float *a, int64_t a_count, const float *b, int64_t b_count)
{
    return (uintptr_t)a < (uintptr_t)(b + b_count) && (uintptr_t)b < (uintptr_t)(a + a_count);
}

ftmx_status ftmx_predict(ftmx_context *context, const float *input, int64_t n, float *output)
{
    ftmx_status status = context_begin_sound(context);
    if (status != FTMX_OK)
        return status;
    const int64_t inputs = model_input_count(context->model, FTMRT_ENTRY_PREDICT),
                  outputs = model_output_count(context->model);
    if (!context_takes_batch(context, FTMRT_ENTRY_PREDICT, n) ||
        !context_takes(context, input, n * inputs, sizeof *input, "input") ||
        !context_takes(context, output, n * outputs, sizeof *output, "output"))
        return FTMX_ERROR_ARGUMENT;
    if (overlap(input, n * inputs, output, n * outputs))
        return context_fail(context, FTMX_ERROR_ARGUMENT, "input and output overlap");
    context->batch = (struct batch){.input = input, .logits = output, .n = n};
    return context_run(context, FTMRT_ENTRY_PREDICT);
}

/* ---- probabilities ---- */

/* Softmax over the classes of each pixel (of one where there is no map): [classes, pixels]. */
static void over_classes(double *row, const float *logits, int64_t classes, int64_t pixels,
                         float *p)
{
    for (int64_t i = 0; i < pixels; i++) {
        for (int64_t k = 0; k < classes; k++)
            row[k] = (double)logits[k * pixels + i];
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
            over_classes(context->row, output, classes, outputs / classes, probabilities);
        else
            for (int64_t k = 0; k < outputs; k++)
                probabilities[k] = output[k];
    }
    return FTMX_OK;
}
