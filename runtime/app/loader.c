/* Samples to inputs, and batches of them. */
#include "loader.h"

#include <string.h>

#include "app.h"
#include "report.h"

struct loader loader_of(const struct source *s, const struct config_input *input, uint64_t seed,
                        uint64_t epoch)
{
    return (struct loader){s,
                           {.pipeline = input->transform,
                            .draw = {.seed = seed, .epoch = epoch},
                            .channels = (int)input->channels,
                            .height = input->height,
                            .width = input->width}};
}

void loader_space_free(struct loader_space *s)
{
    buffer_free(&s->field);
    buffer_free(&s->work);
}

static int64_t input_elements(const struct loader *l)
{
    return l->task.channels * l->task.height * l->task.width;
}

static bool run_transform(const struct ftmrt_transform_task *task, struct buffer *work,
                          const struct ftmrt_picture *picture, const char *name, float *out)
{
    struct ftmrt_picture found;
    void *space = buffer_need(work, ftmrt_transform_space(task, picture));
    if (ftmrt_transform_input(task, picture, space, &found, out) == FTMRT_OK)
        return true;
    return report_error("%s: is %lld x %lld after the transforms, the network takes %lld x %lld; "
                        "add resize(%lld, %lld) to the recipe",
                        name, (long long)found.height, (long long)found.width,
                        (long long)task->height, (long long)task->width, (long long)task->height,
                        (long long)task->width);
}

bool loader_picture(const struct loader *l, struct loader_space *space,
                    const struct ftmrt_picture *picture, const char *name, float *out)
{
    return run_transform(&l->task, &space->work, picture, name, out);
}

bool loader_input(const struct loader *l, struct loader_space *space, int64_t i, float *out)
{
    const struct source *s = l->source;
    union field_value v;
    if (!s->read(s, i, FIELD_INPUT, &space->field, &v))
        return false;
    if (s->fields[FIELD_INPUT].kind == FIELD_TENSOR) {
        memcpy(out, v.tensor, (size_t)input_elements(l) * sizeof(float));
        return true;
    }
    struct ftmrt_transform_task task = l->task;
    task.draw.sample = (uint64_t)i;
    return run_transform(&task, &space->work, &v.picture,
                         s->sample_name ? s->sample_name(s, i) : s->name, out);
}

bool loader_batch(const struct loader *l, const int64_t *indices, int64_t first, int64_t n,
                  float *inputs, int32_t *labels)
{
    const bool labelled = l->source->fields[FIELD_LABEL].kind == FIELD_INDEX;
    int failed = 0;
#pragma omp parallel num_threads(app_threads()) reduction(| : failed)
    {
        struct loader_space space = {0};
#pragma omp for schedule(static)
        for (int64_t k = 0; k < n; k++) {
            const int64_t i = indices ? indices[first + k] : first + k;
            if (!failed && !loader_input(l, &space, i, inputs + k * input_elements(l)))
                failed = 1;
            labels[k] = labelled ? (int32_t)source_class(l->source, i) : 0;
        }
        loader_space_free(&space);
    }
    return !failed;
}
