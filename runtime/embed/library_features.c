/* What the frozen layers make of images, and training on it.
 *
 * The prefix may give several values; an image's features are all of them, one behind the other, as they lie in memory. */
#include <math.h>
#include <string.h>

#include "embed.h"

static const struct ftmrt_entry *prefix_of(const struct model *m, int64_t n)
{
    return ftmrt_entry_for(&m->program, FTMRT_ENTRY_PREFIX, NULL, 0, n);
}

/* Elements of a value of an image; features are f32, padding included. */
static int64_t value_count(const struct ftmrt_value *v)
{
    return (int64_t)(ftmrt_value_bytes(v, 1) / sizeof(float));
}

int64_t features_count(const struct model *m)
{
    const struct ftmrt_entry *e = prefix_of(m, 1);
    int64_t count = 0;
    for (uint32_t i = 0; i < e->output_count; i++)
        count += value_count(&e->outputs[i]);
    return count;
}

/* Copies the features of c->batch from the caller's memory to the context's, or from there. */
static void move_features(const ftmx_context *c, float *features, bool to_context)
{
    const struct ftmrt_entry *e = prefix_of(c->model, c->batch.n);
    const int64_t stride = features_count(c->model);
    for (uint32_t i = 0; i < e->output_count; i++) {
        const int64_t count = value_count(&e->outputs[i]);
        float *kept = context_value(c, FTMRT_ROLE_FEATURE, e->outputs[i].name);
        for (int64_t k = 0; k < c->batch.n; k++) {
            float *theirs = features + k * stride, *ours = kept + k * count;
            memcpy(to_context ? ours : theirs, to_context ? theirs : ours,
                   (size_t)count * sizeof(float));
        }
        features += count;
    }
}

/* inputs: the fields of an ftmx_inputs. */
static ftmx_status find_features(ftmx_context *c, const void *inputs, int64_t n, float *features)
{
    struct batch b = {.n = n};
    const ftmx_status status = context_begin(c);
    if (status != FTMX_OK)
        return status;
    if (!context_takes_batch(c, FTMRT_ENTRY_PREFIX, n) ||
        !batch_takes_inputs(c, FTMRT_ENTRY_PREFIX, inputs, &b) ||
        !context_takes(c, features, n * features_count(c->model), sizeof *features, "features"))
        return FTMX_ERROR_ARGUMENT;
    c->batch = b;
    const ftmx_status ran = context_run(c, FTMRT_ENTRY_PREFIX);
    if (ran == FTMX_OK)
        move_features(c, features, false);
    return ran;
}

ftmx_status ftmx_features(ftmx_context *context, const float *input, int64_t n, float *features)
{
    return find_features(context, &input, n, features);
}

ftmx_status ftmx_features_named(ftmx_context *context, const ftmx_inputs *inputs, int64_t n,
                                float *features)
{
    return find_features(context, inputs, n, features);
}

ftmx_status ftmx_train_step_features(ftmx_context *context, const float *features,
                                     const ftmx_label *labels, int64_t n, float *loss)
{
    const struct batch batch = {.labels = labels, .n = n, .has_features = true};
    ftmx_status status = context_begin_sound(context);
    if (status != FTMX_OK)
        return status;
    const int64_t count = features_count(context->model);
    if (!context_takes_batch(context, FTMRT_ENTRY_TRAIN, n) ||
        !context_takes(context, features, n * count, sizeof *features, "features"))
        return FTMX_ERROR_ARGUMENT;
    status = train_check_labels(context, &batch);
    if (status == FTMX_OK)
        status = train_check_finite(context, "features", features, n, count);
    if (status != FTMX_OK)
        return status;
    context->batch = batch;
    move_features(context, (float *)(uintptr_t)features, true);
    return train_run(context, loss);
}
