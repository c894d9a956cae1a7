/* A program ready to run. */
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feature_key.h"
#include "picture_cache.h"
#include "report.h"
#include "rounding.h"
#include "weight_average.h"

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

void session_expect(struct session *s, int64_t samples)
{
    if (samples < s->program->max_batch)
        madvise(s->workspace, s->workspace_bytes, MADV_NOHUGEPAGE);
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

/* Buffers for values that have none yet. Scalars of a step are its caller's. */
static void add_buffers(struct session *s, const struct ftmrt_value *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const enum ftmrt_role role = (enum ftmrt_role)values[i].role;
        const char *name = values[i].name;
        if (role == FTMRT_ROLE_HYPER || role == FTMRT_ROLE_LOSS || find_buffer(s, role, name))
            continue;
        void *memory = app_alloc(network_value_bytes(s->program, role, name), 1);
        s->buffers[s->buffer_count++] = (struct session_buffer){role, name, memory, memory};
    }
}

float *session_input(const struct session *s, const char *name)
{
    return find_buffer(s, FTMRT_ROLE_INPUT, name);
}

float *session_output(const struct session *s, const char *name)
{
    return find_buffer(s, FTMRT_ROLE_NONE, name);
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
    s->class_weights = find_buffer(s, FTMRT_ROLE_CLASS_WEIGHT, NULL);
    if (s->class_weights)
        network_class_weights(s->config.loss, s->config.classes, s->class_weights);
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
    s->batch.table = NULL;
}

void session_take(struct session *s, const struct loader *l, const struct batch *b,
                  const int64_t *samples)
{
    session_point(s, b->inputs, b->labels);
    s->batch.table = l->features;
    s->batch.samples = samples;
}

bool session_open(struct session *s, const struct ftmrt_program *p, int threads,
                  const uint64_t *seed)
{
    *s = (struct session){.program = p, .threads = threads, .temperature = 1};
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

/* ---- what is kept ---- */

/* A cache for the features of the phase that is running. */
static void open_features(struct session *s)
{
    const enum ftmrt_call_id place = s->config.cache.place;
    const bool disk = place == FTMRT_CALL_disk || place == FTMRT_CALL_auto;
    const struct feature_disk where = {.folder = disk ? s->cache_folder : NULL,
                                       .always = place == FTMRT_CALL_disk,
                                       .threads = s->threads};
    s->features = feature_cache_open(s->program, s->phase, s->cache, &where);
    s->feature_key = 0;
}

/* Of the phase's features, when the first is wanted: the phase may have begun with other weights than the last one ended with. */
static uint64_t key_of_features(struct session *s)
{
    if (!s->feature_key && s->features)
        s->feature_key =
            feature_key(s->program, s->workspace, &s->config, feature_cache_prefix(s->features));
    return s->feature_key;
}

/* Gives up features that are none of the weights in the workspace: layers that are frozen in a phase may be drawn by another seed. */
static void renew_features(struct session *s)
{
    const uint64_t before = s->feature_key;
    s->feature_key = 0;
    if (!before || key_of_features(s) == before)
        return;
    feature_cache_close(s->features);
    open_features(s);
}

bool session_restart(struct session *s)
{
    weight_average_close(s->average);
    s->average = NULL;
    session_enter_phase(s, 0, s->config.optimizer, 0);
    const enum ftmrt_status status = ftmrt_init_workspace(s->program, s->workspace, s->config.seed);
    forget_blob(s->program);
    renew_features(s);
    session_average(s);
    return status == FTMRT_OK ||
           report_error("the weights in the program cannot be used: %s", ftmrt_status_text(status));
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
    weight_average_close(s->average);
    feature_cache_close(s->features);
    picture_cache_close(s->cache);
    free(s->cache_folder);
    *s = (struct session){0};
}

/* ---- entries ---- */

/* What a step is called with: lr is the schedule's, number the step's, from 1, update that of the optimizer, which counts from the begin
 * of the phase. */
struct step {
    double lr, number, update;
    float *loss;
};

static void *find_value(const void *from, enum ftmrt_role role, const char *name)
{
    return find_buffer(from, role, name);
}

static bool run_entry(struct session *s, const struct ftmrt_entry *e, struct step *step, int64_t n)
{
    struct ftmrt_context context = {.workspace = s->workspace,
                                    .threads = s->threads,
                                    .seed = s->config.seed,
                                    .step = (int64_t)step->number};
    const struct network_call call = {.context = &context,
                                      .optimizer = s->config.optimizer,
                                      .lr = step->lr,
                                      .step = step->update,
                                      .loss = step->loss,
                                      .find = find_value,
                                      .from = s};
    const struct ftmrt_value *missing;
    const enum ftmrt_status status = network_run(&call, e, n, &missing);
    if (status == FTMRT_OK)
        return true;
    return missing ? report_error("entry '%s' has an unknown value '%s'", e->name, missing->name)
                   : report_error("entry '%s': %s", e->name, ftmrt_status_text(status));
}

static const struct ftmrt_entry *find_entry(const struct session *s, enum ftmrt_entry_kind kind,
                                            int64_t n)
{
    return ftmrt_entry_for(s->program, kind, NULL, s->phase, n);
}

/* ---- features ---- */

/* A batch of n, of which some samples' features are kept. */
struct feature_batch {
    const struct ftmrt_entry *prefix;
    unsigned char **features; /* by the prefix's outputs; owned */
    int64_t n, missing_count;
    int64_t *missing; /* places in the batch; owned */
};

static struct feature_batch feature_batch(const struct session *s, const struct ftmrt_entry *prefix,
                                          int64_t n)
{
    struct feature_batch b = {.prefix = prefix, .n = n};
    b.missing = app_alloc((size_t)n, sizeof *b.missing);
    b.features = app_alloc(prefix->output_count, sizeof *b.features);
    for (uint32_t i = 0; i < prefix->output_count; i++)
        b.features[i] = find_buffer(s, FTMRT_ROLE_FEATURE, prefix->outputs[i].name);
    for (int64_t k = 0; k < n; k++)
        if (!s->batch.table || !feature_table_has(s->batch.table, s->batch.samples[k]))
            b.missing[b.missing_count++] = k;
    return b;
}

/* Runs the prefix on the inputs of what is missing, which are brought together in the session's own memory if they are not all. */
static bool run_prefix(struct session *s, const struct feature_batch *b, struct step *step)
{
    struct session_buffer *input = first_buffer(s, FTMRT_ROLE_INPUT);
    unsigned char *given = input->data, *own = input->memory;
    const size_t bytes = ftmrt_value_bytes(&b->prefix->inputs[0], 1);
    for (int64_t j = 0; b->missing_count < b->n && j < b->missing_count; j++)
        memmove(own + (size_t)j * bytes, given + (size_t)b->missing[j] * bytes, bytes);
    if (b->missing_count < b->n)
        input->data = own;
    s->prefix_samples += b->missing_count;
    const bool ok = !b->missing_count || run_entry(s, b->prefix, step, b->missing_count);
    input->data = given;
    return ok;
}

/* Brings what was computed to its places, and keeps it; fills in what was kept. false after a message. */
static bool spread_features(struct session *s, const struct feature_batch *b)
{
    int64_t left = b->missing_count;
    bool ok = true;
    for (int64_t k = b->n; ok && k-- > 0;) {
        const bool computed = left > 0 && b->missing[left - 1] == k;
        left -= computed;
        for (uint32_t i = 0; computed && left < k && i < b->prefix->output_count; i++) {
            const size_t bytes = ftmrt_value_bytes(&b->prefix->outputs[i], 1);
            memcpy(b->features[i] + (size_t)k * bytes, b->features[i] + (size_t)left * bytes,
                   bytes);
        }
        if (computed && s->batch.table)
            feature_table_keep(s->batch.table, s->batch.samples[k], b->features, k);
        else if (!computed)
            ok = feature_table_get(s->batch.table, s->batch.samples[k], b->features, k);
    }
    return ok;
}

/* Computes the features of a batch of n, as far as they are not kept. */
static bool make_features(struct session *s, struct step *step, int64_t n)
{
    const struct ftmrt_entry *prefix = find_entry(s, FTMRT_ENTRY_PREFIX, n);
    if (!prefix)
        return report_error("this program has no entry that computes features of %lld samples",
                            (long long)n);
    struct feature_batch b = feature_batch(s, prefix, n);
    const bool ok = run_prefix(s, &b, step) && spread_features(s, &b);
    free(b.missing);
    free((void *)b.features);
    return ok;
}

/* ---- teachers ---- */

/* The answers of the teachers that an entry wants, for the batch of n. */
static bool ask_teachers(struct session *s, const struct ftmrt_entry *e, struct step *step,
                         int64_t n)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < e->input_count; i++) {
        if (e->inputs[i].role != FTMRT_ROLE_TEACHER)
            continue;
        const char *name = strchr(e->inputs[i].name, '.') + 1;
        const struct ftmrt_entry *teacher =
            ftmrt_entry_for(s->program, FTMRT_ENTRY_PREDICT, name, 0, n);
        ok = teacher ? run_entry(s, teacher, step, n)
                     : report_error("this program has no entry of teacher '%s'", name);
    }
    return ok;
}

/* Runs the entry of a kind, behind the one that computes its features if it takes any. */
static bool run_kind(struct session *s, enum ftmrt_entry_kind kind, struct step *step, int64_t n)
{
    const struct ftmrt_entry *e = find_entry(s, kind, n);
    if (!e)
        return report_error("this program has no entry for that, or none for a batch of %lld",
                            (long long)n);
    return (!network_takes_features(e) || make_features(s, step, n)) &&
           ask_teachers(s, e, step, n) && run_entry(s, e, step, n);
}

void session_keep(struct session *s, char *folder)
{
    const struct cache_choice *c = &s->config.cache;
    s->keeps = true;
    s->cache_folder = folder;
    s->cache = picture_cache_open(c->place == FTMRT_CALL_off ? 0 : c->budget);
    open_features(s);
}

void session_enter_phase(struct session *s, uint32_t phase, const struct ftmrt_call *optimizer,
                         int64_t first_step)
{
    s->config.optimizer = optimizer;
    s->first_step = first_step;
    if (s->phase == phase)
        return;
    s->phase = phase;
    feature_cache_close(s->features);
    s->features = NULL;
    if (s->keeps)
        open_features(s);
}

void session_clear_slots(struct session *s)
{
    const struct ftmrt_program *p = s->program;
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].kind == FTMRT_STATE_SLOT && p->states[i].flags & FTMRT_MUTABLE)
            ftmrt_init_state(p, s->workspace, i, s->config.seed);
}

void session_average(struct session *s)
{
    if (s->config.ema > 0)
        s->average = weight_average_open(s->program, s->workspace, s->config.ema);
}

struct loader session_loader(struct session *s, enum ftmrt_entry_kind kind,
                             const struct source *source, uint64_t epoch)
{
    const struct config_input *input =
        kind == FTMRT_ENTRY_TRAIN ? &s->config.input_train : &s->config.input_eval;
    const struct ftmrt_entry *e = find_entry(s, kind, 1);
    const uint64_t view = kind == FTMRT_ENTRY_TRAIN ? config_view(&s->config, epoch) : 0;
    struct loader l = loader_of(source, input, s->config.seed, view ? view : epoch);
    if (e && network_takes_features(e) && !input->mix)
        l.features =
            feature_cache_table(s->features, source, &input->transform,
                                &(struct feature_view){key_of_features(s), s->config.seed, view});
    if (!l.features)
        l.table = picture_cache_table(s->cache, source, &input->transform);
    return l;
}

bool session_predict(struct session *s, int64_t n)
{
    return run_kind(s, FTMRT_ENTRY_PREDICT, &(struct step){0}, n);
}

bool session_evaluate(struct session *s, int64_t n, float *loss)
{
    return run_kind(s, FTMRT_ENTRY_EVAL, &(struct step){.loss = loss}, n);
}

bool session_explain(struct session *s, int64_t n)
{
    return run_kind(s, FTMRT_ENTRY_WHY, &(struct step){0}, n);
}

bool session_train_step(struct session *s, int64_t n, int64_t number, double lr, float *loss)
{
    struct step step = {.lr = lr,
                        .number = (double)number,
                        .update = (double)(number - s->first_step),
                        .loss = loss};
    return run_kind(s, FTMRT_ENTRY_TRAIN, &step, n);
}
