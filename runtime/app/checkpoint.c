/* Checkpoints; see checkpoint.h. */
#include "checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint.h"
#include "report.h"
#include "state_tensors.h"
#include "thresholds.h"
#include "weight_average.h"

#define PROGRESS_PREFIX "progress/"

/* ---- identity ---- */

struct run_identity run_identity(const struct ftmrt_program *p, uint64_t data)
{
    uint64_t program = fingerprint_bytes(p->compiler, strlen(p->compiler), 0);
    for (uint32_t i = 0; i < p->state_count; i++) {
        const struct ftmrt_state *s = &p->states[i];
        program = fingerprint_bytes(s->name, strlen(s->name), program);
        program = fingerprint_bytes(s->dim, s->rank * sizeof s->dim[0], program ^ s->flags);
    }
    program = fingerprint_bytes(&p->identity.weights, sizeof p->identity.weights, program);
    struct run_identity id;
    snprintf(id.program, sizeof id.program, "%016llx", (unsigned long long)program);
    snprintf(id.recipe, sizeof id.recipe, "%016llx",
             (unsigned long long)ftmrt_name_hash(p->resolved));
    snprintf(id.data, sizeof id.data, "%016llx", (unsigned long long)data);
    return id;
}

/* ---- progress as tensors ---- */

enum {
    PROGRESS_COUNT = 0
#define FTMRT_PROGRESS(type, name, initial, meaning) +1
#include "progress.def"
#undef FTMRT_PROGRESS
};

/* A row of progress.def as a tensor without dimensions. */
#define PROGRESS_DTYPE_INT  FTMRT_I64
#define PROGRESS_DTYPE_REAL FTMRT_F64

static void progress_tensors(struct progress *p, struct st_tensor *out)
{
    const struct st_tensor rows[] = {
#define FTMRT_PROGRESS(type, field, initial, meaning)                                              \
    {.name = PROGRESS_PREFIX #field,                                                               \
     .dtype = PROGRESS_DTYPE_##type,                                                               \
     .data = (const unsigned char *)&p->field,                                                     \
     .bytes = sizeof p->field},
#include "progress.def"
#undef FTMRT_PROGRESS
    };
    memcpy(out, rows, sizeof rows);
}

/* Reads every row; false after a message. */
static bool read_progress(struct progress *p, const struct st_file *f, const char *path)
{
    struct st_tensor rows[PROGRESS_COUNT];
    progress_tensors(p, rows);
    for (int i = 0; i < PROGRESS_COUNT; i++) {
        const struct st_tensor *t = st_find(f, rows[i].name);
        if (!t || t->unsupported || t->rank != 0 || t->dtype != rows[i].dtype)
            return report_error("%s: has no %s, so it is not a checkpoint of this version", path,
                                rows[i].name);
        memcpy((void *)(uintptr_t)rows[i].data, t->data, (size_t)t->bytes);
    }
    return true;
}

/* ---- saving ---- */

static bool is_kept(const struct ftmrt_state *s) { return s->flags & FTMRT_MUTABLE; }

static uint32_t averages(const struct session *s) { return s->average ? s->average->count : 0; }

/* Takes the means of the weights, which stand in their place while it does. */
static bool take_averages(const struct session *s, struct st_file *f)
{
    bool ok = true;
    weight_average_swap(s->average);
    for (uint32_t i = 0; ok && i < averages(s); i++) {
        struct st_tensor *t = &f->tensors[f->tensor_count++];
        ok = state_tensor_take(s, s->average->states[i].state, t);
        t->name = s->average->states[i].name;
    }
    weight_average_swap(s->average);
    return ok;
}

bool checkpoint_save(const struct session *s, const struct progress *p,
                     const struct run_identity *id, const char *path)
{
    const struct ftmrt_program *program = s->program;
    struct progress copy = *p;
    char error[512], *thresholds = thresholds_text(&s->config);
    struct st_metadata metadata[] = {
        {"format", "ftmc checkpoint"}, {"program_hash", id->program},
        {"recipe_hash", id->recipe},   {"data_hash", id->data},
        {"cpu", program->cpu},         {"thresholds", thresholds ? thresholds : ""},
    };
    struct st_file f = {.tensors = app_alloc(program->state_count + averages(s) + PROGRESS_COUNT,
                                             sizeof(struct st_tensor)),
                        .metadata = metadata,
                        .metadata_count = sizeof metadata / sizeof metadata[0]};
    bool ok = true;
    for (uint32_t i = 0; ok && i < program->state_count; i++)
        if (is_kept(&program->states[i]))
            ok = state_tensor_take(s, i, &f.tensors[f.tensor_count++]);
    ok = ok && take_averages(s, &f);
    const size_t states = f.tensor_count;
    progress_tensors(&copy, f.tensors + states);
    f.tensor_count += PROGRESS_COUNT;
    if (ok && st_write(&f, path, error, sizeof error) != FTMRT_OK)
        ok = report_error("%s", error);
    for (size_t i = 0; i < states; i++)
        state_tensor_free(s, &f.tensors[i]);
    free(f.tensors);
    free(thresholds);
    return ok;
}

/* ---- loading ---- */

static bool same_text(const struct st_file *f, const char *key, const char *want)
{
    const char *found = st_find_metadata(f, key);
    return found && !strcmp(found, want);
}

/* Whether the run's parts are those that the checkpoint was made with. */
static bool check_identity(const struct session *s, const struct st_file *f,
                           const struct run_identity *id, const char *path)
{
    if (!same_text(f, "format", "ftmc checkpoint"))
        return report_error("%s: not a checkpoint", path);
    if (!same_text(f, "recipe_hash", id->recipe))
        return report_error("%s: belongs to another recipe: the program was compiled again from a "
                            "recipe that changed",
                            path);
    if (!same_text(f, "program_hash", id->program))
        return report_error("%s: belongs to another program: other weights, another network or "
                            "another ftmc",
                            path);
    if (!same_text(f, "data_hash", id->data))
        return report_error("%s: was made with other data: the training or validation samples "
                            "changed",
                            path);
    if (!same_text(f, "cpu", s->program->cpu))
        report_note("warning: the run was begun on %s and goes on at %s: its last bits will not be "
                    "those of an uninterrupted run",
                    st_find_metadata(f, "cpu"), s->program->cpu);
    return true;
}

/* Whether progress belongs to a run that was started like this one. */
static bool check_start(const struct progress *found, const struct progress *want, const char *path)
{
    if (found->seed == want->seed && found->total_steps == want->total_steps &&
        found->lr == want->lr)
        return true;
    return report_error("%s: was made with another seed, learning rate or number of steps than "
                        "run.json says",
                        path);
}

static bool check_states(const struct session *s, const struct st_file *f, const char *path)
{
    const struct ftmrt_program *p = s->program;
    for (uint32_t i = 0; i < p->state_count; i++)
        if (is_kept(&p->states[i]) &&
            !state_tensor_check(&p->states[i], st_find(f, p->states[i].name), path))
            return false;
    for (uint32_t i = 0; i < averages(s); i++)
        if (!state_tensor_check(&p->states[s->average->states[i].state],
                                st_find(f, s->average->states[i].name), path))
            return false;
    return true;
}

static bool give_averages(struct session *s, const struct st_file *f, const char *path)
{
    bool ok = true;
    weight_average_swap(s->average);
    for (uint32_t i = 0; ok && i < averages(s); i++)
        ok = state_tensor_give(s, s->average->states[i].state,
                               st_find(f, s->average->states[i].name), path);
    weight_average_swap(s->average);
    return ok;
}

static bool take_states(struct session *s, const struct st_file *f, const char *path)
{
    const struct ftmrt_program *p = s->program;
    for (uint32_t i = 0; i < p->state_count; i++)
        if (is_kept(&p->states[i]) && !state_tensor_give(s, i, st_find(f, p->states[i].name), path))
            return false;
    return give_averages(s, f, path);
}

bool checkpoint_load(struct session *s, struct progress *p, const struct run_identity *id,
                     const char *path)
{
    struct state_file file;
    struct progress found = progress_start();
    if (!state_file_open(&file, path))
        return false;
    bool ok = check_identity(s, &file.st, id, path) && read_progress(&found, &file.st, path) &&
              check_start(&found, p, path) && check_states(s, &file.st, path) &&
              take_states(s, &file.st, path);
    if (ok) {
        *p = found;
        thresholds_take(&s->config, st_find_metadata(&file.st, "thresholds"));
    }
    state_file_close(&file);
    return ok;
}
