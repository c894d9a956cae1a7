/* Training and evaluation: one step, one batch. */
#include <math.h>
#include <string.h>

#include "embed.h"

/* ---- labels ---- */

static ftmx_status refuse_class(ftmx_context *c, int64_t found, int64_t image, int64_t classes)
{
    return context_fail(c, FTMX_ERROR_ARGUMENT,
                        "label %d of image %d is not a class; the network has %d classes (0 to %d)",
                        found, image, classes, classes - 1);
}

static ftmx_status check_classes(ftmx_context *c, const struct batch *b, int64_t pixels,
                                 const int64_t *ignored)
{
    const int32_t *labels = b->labels;
    const int64_t classes = context_class_count(c);
    for (int64_t i = 0; i < b->n * pixels; i++)
        if ((labels[i] < 0 || labels[i] >= classes) && !(ignored && labels[i] == *ignored))
            return refuse_class(c, labels[i], i / pixels, classes);
    return FTMX_OK;
}

static ftmx_status check_vectors(ftmx_context *c, const struct batch *b, int64_t size,
                                 enum ftmrt_vector want)
{
    const float *labels = b->labels;
    double found;
    for (int64_t i = 0; i < b->n; i++) {
        const char *expected = network_vector_problem(want, labels + i * size, size, &found);
        if (expected)
            return context_fail(c, FTMX_ERROR_ARGUMENT, "the label of image %d is not %s", i,
                                expected);
    }
    return FTMX_OK;
}

static const struct ftmrt_call *loss_of(const ftmx_context *c)
{
    return model_setting(c->model, FTMRT_PARAM_finetune_loss);
}

static ftmx_status check_labels(ftmx_context *c, const struct batch *b, enum ftmrt_entry_kind kind)
{
    const struct ftmrt_program *p = &c->model->program;
    const struct ftmrt_value *label = network_label(p, kind);
    const int64_t size = ftmrt_elements(label->rank - 1, label->dim + 1);
    if (!context_takes(c, b->labels, b->n * size, sizeof(float), "labels"))
        return FTMX_ERROR_ARGUMENT;
    if (label->dtype == FTMRT_F32)
        return check_vectors(c, b, size, ftmrt_loss_info(loss_of(c)->id)->vector);
    return check_classes(c, b, size, network_ignored(loss_of(c)));
}

/* ---- batches ---- */

/* inputs: the fields of an ftmx_inputs. */
static ftmx_status take_batch(ftmx_context *c, struct batch *b, enum ftmrt_entry_kind kind,
                              const void *inputs)
{
    if (!context_takes_batch(c, kind, b->n) || !batch_takes_inputs(c, kind, inputs, b))
        return FTMX_ERROR_ARGUMENT;
    return check_labels(c, b, kind);
}

ftmx_status train_check_finite(ftmx_context *c, const char *name, const float *values, int64_t n,
                               int64_t count)
{
    for (int64_t i = 0; i < n * count; i++)
        if (!isfinite(values[i]))
            return context_fail(c, FTMX_ERROR_NOT_FINITE,
                                "image %d of the batch has a value that is not finite, element %d "
                                "of %s; nothing was learned from the batch",
                                i / count, i % count, name);
    return FTMX_OK;
}

/* Of the inputs those that a step computes with. */
static ftmx_status check_inputs(ftmx_context *c, const struct batch *b)
{
    const struct ftmrt_program *p = &c->model->program;
    ftmx_status status = FTMX_OK;
    const struct ftmrt_value *v;
    for (uint32_t i = 0; status == FTMX_OK && (v = network_input_at(p, FTMRT_ENTRY_PREDICT, i));
         i++) {
        const struct ftmrt_value *taken = network_input_named(p, FTMRT_ENTRY_TRAIN, v->name);
        if (taken && taken->dtype == FTMRT_F32)
            status = train_check_finite(c, batch_input_name(c, v), b->inputs[i], b->n,
                                        ftmrt_elements(taken->rank - 1, taken->dim + 1));
    }
    return status;
}

ftmx_status train_check_labels(ftmx_context *c, const struct batch *b)
{
    return check_labels(c, b, FTMRT_ENTRY_TRAIN);
}

ftmx_status train_run(ftmx_context *c, float *loss)
{
    float found = 0;
    c->batch.loss = &found;
    c->call.step++;
    c->call.cancel = NULL;
    const ftmx_status status = context_run(c, FTMRT_ENTRY_TRAIN);
    c->call.cancel = &c->cancel;
    c->lost = status != FTMX_OK || !isfinite(found);
    if (status != FTMX_OK)
        return status;
    if (c->lost)
        return context_fail(c, FTMX_ERROR_NOT_FINITE,
                            "the loss of step %d is not finite: the rate is too high for these "
                            "weights; ftmx_restore or ftmx_load brings weights of before",
                            c->call.step);
    if (loss)
        *loss = found;
    return FTMX_OK;
}

static ftmx_status step(ftmx_context *c, struct batch *b, const void *inputs, float *loss)
{
    ftmx_status status = context_begin_sound(c);
    if (status == FTMX_OK)
        status = take_batch(c, b, FTMRT_ENTRY_TRAIN, inputs);
    if (status == FTMX_OK)
        status = check_inputs(c, b);
    if (status != FTMX_OK)
        return status;
    c->batch = *b;
    return train_run(c, loss);
}

ftmx_status ftmx_train_step(ftmx_context *context, const float *input, const ftmx_label *labels,
                            int64_t n, float *loss)
{
    return step(context, &(struct batch){.labels = labels, .n = n}, &input, loss);
}

ftmx_status ftmx_train_step_named(ftmx_context *context, const ftmx_inputs *inputs,
                                  const ftmx_label *labels, int64_t n, float *loss)
{
    return step(context, &(struct batch){.labels = labels, .n = n}, inputs, loss);
}

ftmx_status ftmx_set_lr(ftmx_context *context, double lr)
{
    const ftmx_status status = context_begin(context);
    if (status != FTMX_OK)
        return status;
    if (!isfinite(lr) || lr < 0)
        return context_fail(context, FTMX_ERROR_ARGUMENT, "the rate is negative or no number");
    context->lr = lr;
    return FTMX_OK;
}

/* ---- evaluation ---- */

/* How many answers to an image are right. */
static int64_t right_answers(const ftmx_context *c, int64_t i, int64_t classes, int64_t outputs)
{
    const struct batch *b = &c->batch;
    const float *row = (const float *)b->outputs[0] + i * outputs;
    const int64_t pixels = outputs / classes;
    int64_t judged;
    switch (network_task(c->model->program.recipe)) {
    case TASK_CLASS: return predicted_class(row, classes) == ((const int32_t *)b->labels)[i];
    case TASK_LABELS:
        return network_right_labels(row, (const float *)b->labels + i * classes, classes);
    case TASK_PIXELS:
        return network_right_pixels(row, (const int32_t *)b->labels + i * pixels, classes, pixels,
                                    network_ignored(loss_of(c)), &judged);
    case TASK_NUMBERS:
    case TASK_DISTRIBUTION:
    case TASK_COUNT: break;
    }
    return 0;
}

static ftmx_status evaluate(ftmx_context *c, struct batch *b, const void *inputs, float *loss,
                            int64_t *correct)
{
    float found = 0;
    ftmx_status status = context_begin_sound(c);
    if (status == FTMX_OK)
        status = take_batch(c, b, FTMRT_ENTRY_EVAL, inputs);
    if (status != FTMX_OK)
        return status;
    b->outputs[0] = context_value(c, FTMRT_ROLE_LOGITS, NULL);
    b->loss = &found;
    c->batch = *b;
    status = context_run(c, FTMRT_ENTRY_EVAL);
    if (status != FTMX_OK)
        return status;
    const struct ftmrt_value *logits = network_logits(&c->model->program);
    if (loss)
        *loss = found;
    if (correct)
        *correct = 0;
    for (int64_t i = 0; correct && i < b->n; i++)
        *correct += right_answers(c, i, logits->dim[1], model_output_count(c->model));
    return FTMX_OK;
}

ftmx_status ftmx_eval(ftmx_context *context, const float *input, const ftmx_label *labels,
                      int64_t n, float *loss, int64_t *correct)
{
    return evaluate(context, &(struct batch){.labels = labels, .n = n}, &input, loss, correct);
}

ftmx_status ftmx_eval_named(ftmx_context *context, const ftmx_inputs *inputs,
                            const ftmx_label *labels, int64_t n, float *loss, int64_t *correct)
{
    return evaluate(context, &(struct batch){.labels = labels, .n = n}, inputs, loss, correct);
}
