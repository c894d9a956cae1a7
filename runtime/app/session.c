/* A program ready to run. */
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "picture_cache.h"
#include "report.h"
#include "rounding.h"

/* The workspace: anonymous memory, in huge pages where the system gives them (they halve the time
 * of some kernels). */
static bool map_workspace(struct session *s)
{
    const size_t huge = (size_t)2 << 20;
    const uint64_t bytes = ftmrt_workspace_bytes(s->program, s->threads);
    s->workspace_bytes = align_up(bytes, huge);
    s->workspace =
        mmap(NULL, s->workspace_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->workspace == MAP_FAILED) {
        s->workspace = NULL;
        return report_error("out of memory: the network needs %.1f MB; a smaller `batch` in the "
                            "recipe needs less",
                            (double)s->workspace_bytes / 1e6);
    }
    madvise(s->workspace, s->workspace_bytes, MADV_HUGEPAGE);
    return true;
}

/* Gives back the memory of the pretrained tensors, which stand in the workspace now: the pages are the executable's own,
 * unwritten, so what is wanted of them again (a frozen tensor to save, a constant) is read from the file once more. */
static void forget_blob(const struct ftmrt_program *p)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)p->blob;
    const uintptr_t from = align_up(start, page), to = (start + p->blob_size) / page * page;
    if (from < to)
        madvise((void *)from, to - from, MADV_DONTNEED);
}

/* ---- buffers ---- */

/* Where the values of a role and name are, in whatever entry; NULL: nowhere. */
static void *find_buffer(const struct session *s, enum ftmrt_role role, const char *name)
{
    for (uint32_t i = 0; i < s->buffer_count; i++)
        if (s->buffers[i].role == role && (!name || !strcmp(s->buffers[i].name, name)))
            return s->buffers[i].data;
    return NULL;
}

/* Bytes that the values of a role and name take in the entry where they take most. */
static size_t most_bytes(const struct ftmrt_program *p, enum ftmrt_role role, const char *name)
{
    size_t most = 0;
    for (uint32_t i = 0; i < p->entry_count; i++) {
        const struct ftmrt_entry *e = &p->entries[i];
        const struct ftmrt_value *v[] = {
            ftmrt_find_value(e->inputs, e->input_count, role, name),
            ftmrt_find_value(e->outputs, e->output_count, role, name),
        };
        for (int k = 0; k < 2; k++)
            if (v[k] && ftmrt_value_bytes(v[k], e->max_n) > most)
                most = ftmrt_value_bytes(v[k], e->max_n);
    }
    return most;
}

/* Buffers for values that have none yet. Scalars of a step are its caller's. */
static void add_buffers(struct session *s, const struct ftmrt_value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const enum ftmrt_role role = (enum ftmrt_role)values[i].role;
        const char *name = values[i].name;
        if (role == FTMRT_ROLE_HYPER || role == FTMRT_ROLE_LOSS || find_buffer(s, role, name))
            continue;
        void *memory = app_alloc(most_bytes(s->program, role, name), 1);
        s->buffers[s->buffer_count++] = (struct session_buffer){role, name, memory, memory};
    }
}

static void make_buffers(struct session *s)
{
    const struct ftmrt_program *p = s->program;
    size_t values = 0;
    for (uint32_t i = 0; i < p->entry_count; i++)
        values += p->entries[i].input_count + p->entries[i].output_count;
    s->buffers = app_alloc(values, sizeof *s->buffers);
    for (uint32_t i = 0; i < p->entry_count; i++) {
        add_buffers(s, p->entries[i].inputs, p->entries[i].input_count);
        add_buffers(s, p->entries[i].outputs, p->entries[i].output_count);
    }
    s->inputs = find_buffer(s, FTMRT_ROLE_INPUT, NULL);
    s->labels = find_buffer(s, FTMRT_ROLE_LABEL, NULL);
    s->logits = find_buffer(s, FTMRT_ROLE_LOGITS, NULL);
    s->weight = find_buffer(s, FTMRT_ROLE_WEIGHT, NULL);
    float *class_weights = find_buffer(s, FTMRT_ROLE_CLASS_WEIGHT, NULL);
    if (class_weights)
        config_class_weights(&s->config, class_weights);
}

/* The first buffer of a role, or NULL. */
static struct session_buffer *first_buffer(struct session *s, enum ftmrt_role role)
{
    for (uint32_t i = 0; i < s->buffer_count; i++)
        if (s->buffers[i].role == role)
            return &s->buffers[i];
    return NULL;
}

void session_point(struct session *s, float *inputs, void *labels)
{
    struct session_buffer *input = first_buffer(s, FTMRT_ROLE_INPUT),
                          *label = first_buffer(s, FTMRT_ROLE_LABEL);
    if (input)
        s->inputs = input->data = inputs ? inputs : input->memory;
    if (label)
        s->labels = label->data = labels ? labels : label->memory;
}

bool session_open(struct session *s, const struct ftmrt_program *p, int threads,
                  const uint64_t *seed)
{
    *s = (struct session){.program = p, .threads = threads};
    if (!config_read(&s->config, p) || !map_workspace(s)) {
        session_close(s);
        return false;
    }
    s->config.threads = threads;
    if (seed)
        s->config.seed = *seed;
    make_buffers(s);
    enum ftmrt_status status = ftmrt_init_workspace(p, s->workspace, s->config.seed);
    if (status != FTMRT_OK) {
        session_close(s);
        return report_error("the weights in the program cannot be used: %s",
                            ftmrt_status_text(status));
    }
    forget_blob(p);
    return true;
}

void session_close(struct session *s)
{
    if (s->workspace)
        munmap(s->workspace, s->workspace_bytes);
    config_free(&s->config);
    for (uint32_t i = 0; i < s->buffer_count; i++)
        free(s->buffers[i].memory);
    free(s->buffers);
    free(s->weights_from);
    free(s->run);
    picture_cache_close(s->cache);
    *s = (struct session){0};
}

/* ---- entries ---- */

enum { MAX_VALUES = 16 };

/* Where a step's scalars are: lr is the schedule's, step the number of the step, every other one the optimizer's. */
struct step {
    double lr, number;
    float scalars[MAX_VALUES]; /* by input */
    float *loss;
};

/* The data of input i, or NULL. */
static const void *input_data(struct session *s, const struct ftmrt_entry *e, uint32_t i,
                              struct step *step)
{
    const struct ftmrt_value *v = &e->inputs[i];
    bool number = v->role == FTMRT_ROLE_STEP;
    double value = number ? step->number : step->lr;
    if (v->role != FTMRT_ROLE_HYPER && !number)
        return find_buffer(s, (enum ftmrt_role)v->role, v->name);
    if (!number && strcmp(v->name, "lr") != 0 && !config_scalar(&s->config, v->name, &value))
        return NULL;
    step->scalars[i] = (float)value;
    return &step->scalars[i];
}

static void *output_data(struct session *s, const struct ftmrt_value *v, struct step *step)
{
    return v->role == FTMRT_ROLE_LOSS ? step->loss
                                      : find_buffer(s, (enum ftmrt_role)v->role, v->name);
}

static bool run_entry(struct session *s, const struct ftmrt_entry *e, struct step *step, int64_t n)
{
    const void *inputs[MAX_VALUES];
    void *outputs[MAX_VALUES];
    if (e->input_count > MAX_VALUES || e->output_count > MAX_VALUES)
        return report_error("entry '%s' has more than %d inputs or outputs", e->name, MAX_VALUES);
    for (uint32_t i = 0; i < e->input_count; i++)
        if (!(inputs[i] = input_data(s, e, i, step)))
            return report_error("entry '%s' wants an unknown input '%s'", e->name,
                                e->inputs[i].name);
    for (uint32_t i = 0; i < e->output_count; i++)
        if (!(outputs[i] = output_data(s, &e->outputs[i], step)))
            return report_error("entry '%s' has an unknown output '%s'", e->name,
                                e->outputs[i].name);
    struct ftmrt_context context = {.workspace = s->workspace,
                                    .threads = s->threads,
                                    .seed = s->config.seed,
                                    .step = (int64_t)step->number};
    enum ftmrt_status status = e->run(&context, inputs, outputs, n);
    return status == FTMRT_OK || report_error("entry '%s': %s", e->name, ftmrt_status_text(status));
}

/* Runs the entry of a kind, behind the one that computes its features if it takes any. */
static bool run_kind(struct session *s, enum ftmrt_entry_kind kind, struct step *step, int64_t n)
{
    const struct ftmrt_entry *e = ftmrt_entry_for(s->program, kind, NULL, 0, n);
    if (!e)
        return report_error("this program has no entry for that, or none for a batch of %lld",
                            (long long)n);
    if (ftmrt_find_value(e->inputs, e->input_count, FTMRT_ROLE_FEATURE, NULL) &&
        !run_kind(s, FTMRT_ENTRY_PREFIX, step, n))
        return false;
    return run_entry(s, e, step, n);
}

bool session_predict(struct session *s, int64_t n)
{
    return run_kind(s, FTMRT_ENTRY_PREDICT, &(struct step){0}, n);
}

bool session_evaluate(struct session *s, int64_t n, float *loss)
{
    return run_kind(s, FTMRT_ENTRY_EVAL, &(struct step){.loss = loss}, n);
}

bool session_train_step(struct session *s, int64_t n, int64_t number, double lr, float *loss)
{
    struct step step = {.lr = lr, .number = (double)number, .loss = loss};
    return run_kind(s, FTMRT_ENTRY_TRAIN, &step, n);
}
