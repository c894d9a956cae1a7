/* Samples to inputs and labels, and batches of them. */
#include "loader.h"

#include <string.h>

#include "report.h"

struct loader loader_of(const struct source *s, const struct config_input *input, uint64_t seed,
                        uint64_t epoch)
{
    return (struct loader){.source = s,
                           .task = {.pipeline = input->transform,
                                    .draw = {.seed = seed, .epoch = epoch},
                                    .channels = (int)input->channels,
                                    .height = input->height,
                                    .width = input->width},
                           .input = input};
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

static size_t label_bytes(const struct loader *l)
{
    if (l->input->labels == FTMRT_LABEL_VECTOR)
        return (size_t)l->input->classes * sizeof(float);
    return (l->input->labels == FTMRT_LABEL_MASK ? (size_t)(l->task.height * l->task.width) : 1) *
           sizeof(int32_t);
}

/* ---- pictures ---- */

static bool refuse_size(const struct ftmrt_transform_task *task, const struct ftmrt_picture *found,
                        const char *name)
{
    return report_error("%s: is %lld x %lld after the transforms, the network takes %lld x %lld; "
                        "add resize(%lld, %lld) to the recipe",
                        name, (long long)found->height, (long long)found->width,
                        (long long)task->height, (long long)task->width, (long long)task->height,
                        (long long)task->width);
}

/* A thin picture whose shorter side is made longer becomes a huge one. */
enum { SPACE_LIMIT_MB = 1024 };

static bool refuse_space(const struct ftmrt_picture *picture, const char *name, uint64_t bytes)
{
    return report_error(
        "%s: the transforms of %lld x %lld pixels would take %llu MB of memory; the limit is "
        "%d MB; crop it, or use resize(height, width) or pad_square()",
        name, (long long)picture->width, (long long)picture->height,
        (unsigned long long)(bytes >> 20), SPACE_LIMIT_MB);
}

static bool run_transform(const struct ftmrt_transform_task *task, struct buffer *work,
                          const struct ftmrt_picture *picture, const char *name, float *out)
{
    struct ftmrt_picture found;
    const uint64_t bytes = ftmrt_transform_space(task, picture);
    if (bytes >> 20 >= SPACE_LIMIT_MB)
        return refuse_space(picture, name, bytes);
    void *space = buffer_need(work, bytes);
    return ftmrt_transform_input(task, picture, space, &found, out) == FTMRT_OK ||
           refuse_size(task, &found, name);
}

bool loader_picture(const struct loader *l, struct loader_space *space,
                    const struct ftmrt_picture *picture, const char *name, float *out)
{
    return run_transform(&l->task, &space->work, picture, name, out);
}

static struct ftmrt_transform_task task_of(const struct loader *l, int64_t i)
{
    struct ftmrt_transform_task task = l->task;
    task.draw.sample = (uint64_t)i;
    return task;
}

static const char *name_of(const struct source *s, int64_t i)
{
    return s->sample_name ? s->sample_name(s, i) : s->name;
}

static bool load_input(const struct loader *l, struct loader_space *space, int64_t i, float *out)
{
    const struct source *s = l->source;
    const struct ftmrt_transform_task task = task_of(l, i);
    union field_value v;
    if (!s->read(s, i, FIELD_INPUT, &space->field, &v))
        return false;
    if (s->fields[FIELD_INPUT].kind == FIELD_PICTURE)
        return run_transform(&task, &space->work, &v.picture, name_of(s, i), out);
    memcpy(out, v.tensor, (size_t)input_elements(l) * sizeof(float));
    return true;
}

/* ---- labels ---- */

/* A class as it is, or as its one-hot vector. */
static void put_class(const struct loader *l, int64_t class, void *out)
{
    if (l->input->labels == FTMRT_LABEL_INDEX) {
        *(int32_t *)out = (int32_t)class;
        return;
    }
    memset(out, 0, label_bytes(l));
    ((float *)out)[class] = 1;
}

/* A mask goes where its picture goes: the same steps with the same draws. One of a tensor is of the network's own size. */
static bool put_mask(const struct loader *l, struct buffer *work, int64_t i,
                     const struct ftmrt_picture *mask, int32_t *out)
{
    struct ftmrt_transform_task task = task_of(l, i);
    if (l->source->fields[FIELD_INPUT].kind == FIELD_TENSOR)
        task.pipeline.count = 0;
    struct ftmrt_picture found;
    void *space = buffer_need(work, ftmrt_transform_space(&task, mask));
    return ftmrt_transform_mask(&task, mask, space, &found, out) == FTMRT_OK ||
           refuse_size(&task, &found, name_of(l->source, i));
}

static bool load_label(const struct loader *l, struct loader_space *space, int64_t i, void *out)
{
    const struct source *s = l->source;
    const enum field_kind kind = s->fields[FIELD_LABEL].kind;
    union field_value v;
    if (kind == FIELD_NONE)
        return true;
    if (!s->read(s, i, FIELD_LABEL, &space->field, &v))
        return false;
    if (kind == FIELD_MASK)
        return put_mask(l, &space->work, i, &v.picture, out);
    if (kind == FIELD_VECTOR)
        memcpy(out, v.tensor, label_bytes(l));
    else
        put_class(l, v.index, out);
    return true;
}

bool loader_sample(const struct loader *l, struct loader_space *space, int64_t i, float *input,
                   void *label)
{
    return load_input(l, space, i, input) && load_label(l, space, i, label);
}

/* ---- batches ---- */

/* The samples of a batch, and where they are before and after mixing. */
struct batch_job {
    const struct loader *loader;
    const int64_t *indices;
    int64_t first, n;
    float *inputs; /* of the samples as they are loaded */
    void *labels;
    const struct batch *out;
};

static int64_t sample_of(const struct batch_job *j, int64_t k)
{
    return j->indices ? j->indices[j->first + k] : j->first + k;
}

static bool load_one(const struct batch_job *j, struct loader_space *space, int64_t k)
{
    const struct loader *l = j->loader;
    return loader_sample(l, space, sample_of(j, k), j->inputs + k * input_elements(l),
                         (unsigned char *)j->labels + (size_t)k * label_bytes(l));
}

static void mix_one(const struct batch_job *j, int64_t k)
{
    const struct loader *l = j->loader;
    const struct ftmrt_batch batch = {
        .n = j->n,
        .channels = l->task.channels,
        .height = l->task.height,
        .width = l->task.width,
        .classes = l->input->classes,
        .inputs = j->inputs,
        .labels = j->labels,
    };
    const struct ftmrt_transform_task task = task_of(l, sample_of(j, k));
    ftmrt_mix(l->input->mix, &batch, k, &task.draw, j->out->inputs + k * input_elements(l),
              (float *)j->out->labels + k * l->input->classes);
}

/* Loads all samples, then mixes each with the others. */
static bool run_job(const struct batch_job *j)
{
    int failed = 0;
#pragma omp parallel num_threads(j->out->threads) reduction(| : failed)
    {
        struct loader_space space = {0};
#pragma omp for schedule(static)
        for (int64_t k = 0; k < j->n; k++)
            if (!failed && !load_one(j, &space, k))
                failed = 1;
        loader_space_free(&space);
#pragma omp for schedule(static)
        for (int64_t k = 0; k < (j->loader->input->mix ? j->n : 0); k++)
            mix_one(j, k);
    }
    return !failed;
}

bool loader_batch(const struct loader *l, const int64_t *indices, int64_t first, int64_t n,
                  const struct batch *out)
{
    struct batch_job j = {l, indices, first, n, out->inputs, out->labels, out};
    if (l->input->mix) {
        const int64_t inputs = n * input_elements(l), labels = n * l->input->classes;
        void *at = buffer_need(out->unmixed, (size_t)(inputs + labels) * sizeof(float));
        j.inputs = at;
        j.labels = j.inputs + inputs;
    }
    return run_job(&j);
}
