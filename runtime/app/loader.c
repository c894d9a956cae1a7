/* Samples to inputs and labels. */
#include "loader.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "transform_limit.h"

struct loader loader_of(const struct source *s, const struct config_input *input, uint64_t seed,
                        uint64_t epoch)
{
    struct loader l = {.source = s, .task = config_task(input), .input = input};
    l.task.draw = (struct ftmrt_draw){.seed = seed, .epoch = epoch};
    return l;
}

void loader_space_free(struct loader_space *s)
{
    buffer_free(&s->field);
    buffer_free(&s->fixed);
    buffer_free(&s->work);
}

int64_t loader_input_elements(const struct loader *l)
{
    return l->task.channels * l->task.height * l->task.width;
}

size_t loader_label_bytes(const struct loader *l)
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

/* Memory for a run, or NULL after a message. */
static void *need_space(const struct ftmrt_transform_task *task, struct buffer *work,
                        const struct ftmrt_picture *picture, const char *name)
{
    char *defect = transform_limit_defect(task, picture);
    if (!defect)
        return buffer_need(work, ftmrt_transform_space(task, picture));
    report_error("%s: %s", name, defect);
    free(defect);
    return NULL;
}

static bool run_transform(const struct ftmrt_transform_task *task, struct buffer *work,
                          const struct ftmrt_picture *picture, const char *name, float *out)
{
    struct ftmrt_picture found;
    void *space = need_space(task, work, picture, name);
    return space && (ftmrt_transform_input(task, picture, space, &found, out) == FTMRT_OK ||
                     refuse_size(task, &found, name));
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

/* Takes a picture through the steps before the first random one, and keeps what they make of it. */
static bool keep_picture(const struct loader *l, struct loader_space *space, int64_t i,
                         struct ftmrt_picture *picture)
{
    const struct ftmrt_transform_task task = task_of(l, i);
    void *at = need_space(&task, &space->fixed, picture, name_of(l->source, i));
    if (!at)
        return false;
    *picture = ftmrt_transform_part(&task, picture_table_steps(l->table), picture, at);
    picture_table_keep(l->table, i, picture);
    return true;
}

static bool load_input(const struct loader *l, struct loader_space *space, int64_t i, float *out)
{
    const struct source *s = l->source;
    struct ftmrt_transform_task task = task_of(l, i);
    union field_value v;
    const bool kept = l->table && picture_table_find(l->table, i, &v.picture);
    if (!kept && !s->read(s, i, FIELD_INPUT, &space->field, &v))
        return false;
    const bool keep = !kept && l->table && !picture_table_full(l->table);
    if (keep && !keep_picture(l, space, i, &v.picture))
        return false;
    task.begin = kept || keep ? picture_table_steps(l->table) : 0;
    if (s->fields[FIELD_INPUT].kind == FIELD_PICTURE)
        return run_transform(&task, &space->work, &v.picture, name_of(s, i), out);
    memcpy(out, v.tensor, (size_t)loader_input_elements(l) * sizeof(float));
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
    memset(out, 0, loader_label_bytes(l));
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
        memcpy(out, v.tensor, loader_label_bytes(l));
    else
        put_class(l, v.index, out);
    return true;
}

bool loader_sample(const struct loader *l, struct loader_space *space, int64_t i, float *input,
                   void *label)
{
    const bool known = l->features && feature_table_has(l->features, i);
    return (known || load_input(l, space, i, input)) && load_label(l, space, i, label);
}

void loader_mix(const struct loader *l, const struct batch *batch, int64_t k, int64_t i,
                const struct batch *out)
{
    const struct ftmrt_batch unmixed = {
        .n = batch->n,
        .channels = l->task.channels,
        .height = l->task.height,
        .width = l->task.width,
        .classes = l->input->classes,
        .inputs = batch->inputs,
        .labels = batch->labels,
    };
    const struct ftmrt_transform_task task = task_of(l, i);
    ftmrt_mix(l->input->mix, &unmixed, k, &task.draw, out->inputs + k * loader_input_elements(l),
              (float *)out->labels + k * l->input->classes);
}
