/* Contexts: the caller's memory, cut into what calls need; options; how calls begin and fail. */
#include "embed.h"

#include <string.h>

#include "rounding.h"

/* Of a context that was made: "ftmscene". */
static const uint64_t made_magic = UINT64_C(0x656e6563736d7466);

/* ---- options ---- */

static uint64_t recipe_seed(const struct model *m)
{
    const struct ftmrt_recipe *r = m->program.recipe;
    return (uint64_t)ftmrt_call_integer(&r->finetune, FTMRT_PARAM_finetune_seed);
}

/* Takes what the caller's struct has, which may be of an older header and shorter. */
static ftmx_status take_options(const struct model *m, const ftmx_options *given,
                                ftmx_options *options)
{
    *options = (ftmx_options)FTMX_OPTIONS;
    options->seed = recipe_seed(m);
    if (given && (uintptr_t)given % _Alignof(ftmx_options) != 0)
        return FTMX_ERROR_ARGUMENT;
    if (given && (given->size < sizeof *given || given->abi != FTMX_ABI_VERSION))
        return FTMX_ERROR_ABI;
    if (given)
        memcpy(options, given, sizeof *options);
    if (options->threads < 0 || options->threads > CONTEXT_THREADS)
        return FTMX_ERROR_ARGUMENT;
    if (options->threads == 0)
        options->threads = ftmrt_threads(NULL);
    return FTMX_OK;
}

/* ---- memory ---- */

/* Memory that is handed out piece by piece; at 0 it is only measured. */
struct memory {
    unsigned char *at;
    size_t used;
};

static void *take(struct memory *m, size_t bytes)
{
    void *piece = m->at ? m->at + m->used : NULL;
    m->used += align_up(bytes, FTMX_ALIGNMENT);
    return piece;
}

/* Whether the memory of a role's values is the context's: scalars of a step are on the stack, samples the caller's. */
static bool is_kept(enum ftmrt_role role)
{
    return role != FTMRT_ROLE_INPUT && role != FTMRT_ROLE_LABEL && role != FTMRT_ROLE_HYPER &&
           role != FTMRT_ROLE_STEP && role != FTMRT_ROLE_LOSS;
}

void *context_value(const ftmx_context *c, enum ftmrt_role role, const char *name)
{
    for (uint32_t i = 0; i < c->value_count; i++)
        if (c->values[i].role == role && (!name || !strcmp(c->values[i].name, name)))
            return c->values[i].data;
    return NULL;
}

static bool is_listed(const ftmx_context *c, const struct ftmrt_value *v)
{
    for (uint32_t i = 0; i < c->value_count; i++)
        if (c->values[i].role == (enum ftmrt_role)v->role && !strcmp(c->values[i].name, v->name))
            return true;
    return false;
}

/* Lists values that are not yet, with memory; more of them than there is room for are nowhere, which the calls that want them say. */
static void keep_values(ftmx_context *c, struct memory *m, const struct ftmrt_value *values,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count && c->value_count < CONTEXT_VALUES; i++) {
        const enum ftmrt_role role = (enum ftmrt_role)values[i].role;
        if (!is_kept(role) || is_listed(c, &values[i]))
            continue;
        const size_t bytes = network_value_bytes(&c->model->program, role, values[i].name);
        c->values[c->value_count].role = role;
        c->values[c->value_count].name = values[i].name;
        c->values[c->value_count++].data = take(m, bytes);
    }
}

/* Memory that is wanted within a call alone and not while an entry runs: that of the activations, or of its own where they are
 * too small. */
static unsigned char *take_spare(const ftmx_context *c, struct memory *m, uint64_t want)
{
    const struct ftmrt_program *p = &c->model->program;
    const uint64_t begin = align_up(states_end(p), FTMX_ALIGNMENT);
    if (begin > p->workspace_size || want > p->workspace_size - begin)
        return take(m, (size_t)want);
    return m->at ? (unsigned char *)c->call.workspace + begin : NULL;
}

static void keep_picture(ftmx_context *c, struct memory *m)
{
    c->input = take(m, (size_t)model_input_count(c->model, FTMRT_ENTRY_PREDICT) * sizeof *c->input);
    c->picture_space = model_picture_space(c->model);
    c->picture = take_spare(c, m, c->picture_space);
}

/* Cuts the memory for a context that has its model and options. */
static void lay_out(ftmx_context *c, struct memory *m)
{
    const struct ftmrt_program *p = &c->model->program;
    take(m, sizeof *c);
    c->call.workspace = take(m, ftmrt_workspace_bytes(p, c->options.threads));
    for (uint32_t i = 0; i < p->entry_count; i++) {
        keep_values(c, m, p->entries[i].inputs, p->entries[i].input_count);
        keep_values(c, m, p->entries[i].outputs, p->entries[i].output_count);
    }
    c->row = take(m, (size_t)model_output_count(c->model) * sizeof *c->row);
    c->staging = take_spare(c, m, load_staging_bytes(p));
    c->samples = take(m, selftest_bytes(p));
    c->class_names = take(m, classes_bytes(p));
    c->class_lines = take(m, classes_bytes(p));
    if (model_takes_pictures(c->model))
        keep_picture(c, m);
}

size_t ftmx_workspace_size(const ftmx_model *model, const ftmx_options *options)
{
    ftmx_context c = {.model = model_of(model)};
    struct memory m = {0};
    if (!c.model || take_options(c.model, options, &c.options) != FTMX_OK)
        return 0;
    lay_out(&c, &m);
    return m.used;
}

/* ---- making ---- */

/* A kernel that the caller's loop runs. */
struct job {
    ftmrt_kernel *kernel;
    const struct ftmrt_task *task;
    int64_t units, threads;
    int64_t *done; /* units, by atomic operations; or more than there are */
};

/* What is no part of the job, or wants memory of a worker that there is none for, is not run, and then units are missing. */
static void run_piece(const void *work, int64_t begin, int64_t end, int worker)
{
    const struct job *j = work;
    if (begin < 0 || end > j->units || begin >= end || worker < 0 || worker >= j->threads)
        return;
    ftmrt_run_piece(j->kernel, j->task, begin, end, worker);
    __atomic_fetch_add(j->done, end - begin, __ATOMIC_RELAXED);
}

/* The core's loop by the caller's. */
static void run_by_caller(void *user, ftmrt_kernel *kernel, const struct ftmrt_task *task,
                          int64_t units)
{
    ftmx_context *c = user;
    int64_t done = 0;
    const struct job job = {kernel, task, units, c->options.threads, &done};
    c->options.parallel_for(c->options.parallel_user, run_piece, &job, units);
    c->missed = c->missed || __atomic_load_n(&done, __ATOMIC_RELAXED) != units;
}

static void fill_class_weights(ftmx_context *c)
{
    const struct ftmrt_value *logits = network_logits(&c->model->program);
    float *weights = context_value(c, FTMRT_ROLE_CLASS_WEIGHT, NULL);
    if (weights)
        network_class_weights(model_setting(c->model, FTMRT_PARAM_finetune_loss), logits->dim[1],
                              weights);
}

static const struct ftmrt_call *optimizer_of(const struct model *m)
{
    return model_setting(m, FTMRT_PARAM_finetune_optimizer);
}

static void fill_rate(ftmx_context *c) { network_scalar(optimizer_of(c->model), "lr", &c->lr); }

static ftmx_status make(ftmx_context *c, struct memory *m)
{
    lay_out(c, m);
    c->call.threads = c->options.threads;
    c->call.seed = c->options.seed;
    c->call.blob = c->model->program.blob;
    c->call.cancel = &c->cancel;
    if (c->options.parallel_for) {
        c->call.parallel = run_by_caller;
        c->call.parallel_user = c;
    }
    fill_class_weights(c);
    fill_rate(c);
    const struct ftmrt_training *training = c->model->program.training;
    c->temperature = training ? training->temperature : 0;
    c->threshold = training ? training->threshold : 0;
    classes_begin(c);
    if (ftmrt_init_workspace(&c->model->program, c->call.workspace, c->options.seed) != FTMRT_OK)
        return FTMX_ERROR_MISMATCH;
    c->magic = made_magic;
    return FTMX_OK;
}

ftmx_status ftmx_init(const ftmx_model *model, const ftmx_options *options, void *workspace,
                      size_t bytes, ftmx_context **context)
{
    const struct model *m = model_of(model);
    ftmx_options taken;
    if (!context)
        return FTMX_ERROR_ARGUMENT;
    *context = NULL;
    if (!m || !workspace)
        return FTMX_ERROR_ARGUMENT;
    const ftmx_status status = take_options(m, options, &taken);
    if (status != FTMX_OK)
        return status;
    if ((uintptr_t)workspace % FTMX_ALIGNMENT != 0 || bytes < ftmx_workspace_size(model, options))
        return FTMX_ERROR_WORKSPACE;
    ftmx_context *c = workspace;
    struct memory memory = {.at = workspace};
    *c = (ftmx_context){.model = m, .options = taken};
    const ftmx_status made = make(c, &memory);
    *context = made == FTMX_OK ? c : NULL;
    return made;
}

/* ---- calls ---- */

bool context_is_made(const ftmx_context *c)
{
    return c && (uintptr_t)c % FTMX_ALIGNMENT == 0 && c->magic == made_magic;
}

const char *ftmx_error(const ftmx_context *context)
{
    return context_is_made(context) ? context->error : "not a context that ftmx_init made";
}

void ftmx_cancel(ftmx_context *context)
{
    if (context_is_made(context))
        __atomic_store_n(&context->cancel, 1, __ATOMIC_RELAXED);
}

static bool take_cancel(ftmx_context *c)
{
    return __atomic_exchange_n(&c->cancel, 0, __ATOMIC_RELAXED) != 0;
}

ftmx_status context_begin(ftmx_context *c)
{
    if (!context_is_made(c))
        return FTMX_ERROR_ARGUMENT;
    c->error[0] = '\0';
    c->batch = (struct batch){0};
    c->missed = false;
    return take_cancel(c) ? context_fail(c, FTMX_ERROR_CANCELLED, "cancelled before it began")
                          : FTMX_OK;
}

ftmx_status context_begin_sound(ftmx_context *c)
{
    const ftmx_status status = context_begin(c);
    if (status == FTMX_OK && c->lost)
        return context_fail(c, FTMX_ERROR_NOT_FINITE,
                            "the weights are not finite since a step failed; ftmx_restore or "
                            "ftmx_load brings others");
    return status;
}

ftmx_status context_fail(ftmx_context *c, ftmx_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_format(c->error, sizeof c->error, format, args);
    va_end(args);
    if (c->options.log)
        c->options.log(c->options.log_user, status, c->error);
    return status;
}

bool context_takes(ftmx_context *c, const void *p, int64_t count, size_t size, const char *name)
{
    if (p && (uintptr_t)p % size == 0)
        return true;
    if (p)
        context_fail(c, FTMX_ERROR_ARGUMENT,
                     "%s lies at an odd address: its elements are of %d bytes", name,
                     (int64_t)size);
    else
        context_fail(c, FTMX_ERROR_ARGUMENT, "%s is NULL, where %d elements are wanted", name,
                     count);
    return false;
}

bool context_takes_batch(ftmx_context *c, enum ftmrt_entry_kind kind, int64_t n)
{
    const struct ftmrt_program *p = &c->model->program;
    int64_t most = 0;
    for (uint32_t i = 0; i < p->entry_count; i++)
        if (p->entries[i].kind == (uint32_t)kind && p->entries[i].max_n > most)
            most = p->entries[i].max_n;
    if (n >= 1 && n <= most)
        return true;
    context_fail(c, FTMX_ERROR_ARGUMENT, "a batch of %d images: from 1 to %d are taken", n, most);
    return false;
}

static void *find_value(const void *from, enum ftmrt_role role, const char *name)
{
    return batch_value(from, role, name);
}

static ftmx_status run_entry(ftmx_context *c, const struct ftmrt_entry *e)
{
    const struct network_call call = {
        .context = &c->call,
        .optimizer = optimizer_of(c->model),
        .lr = c->lr,
        .step = (double)c->call.step,
        .loss = c->batch.loss,
        .find = find_value,
        .from = c,
    };
    const struct ftmrt_value *missing;
    const enum ftmrt_status status = network_run(&call, e, c->batch.n, &missing);
    if (status == FTMRT_OK && c->missed)
        return context_fail(c, FTMX_ERROR_ARGUMENT,
                            "parallel_for has not run each unit once by a worker from 0 to %d",
                            (int64_t)c->options.threads - 1);
    if (status == FTMRT_OK)
        return c->call.cancel && take_cancel(c) ? context_fail(c, FTMX_ERROR_CANCELLED, "cancelled")
                                                : FTMX_OK;
    return context_fail(c, FTMX_ERROR_MISMATCH, "entry '%s' of the library: %s %s", e->name,
                        ftmrt_status_text(status), missing ? missing->name : "");
}

ftmx_status context_run(ftmx_context *c, enum ftmrt_entry_kind kind)
{
    const struct ftmrt_program *p = &c->model->program;
    const struct ftmrt_entry *e = ftmrt_entry_for(p, kind, NULL, 0, c->batch.n),
                             *prefix =
                                 e && network_takes_features(e) && !c->batch.has_features
                                     ? ftmrt_entry_for(p, FTMRT_ENTRY_PREFIX, NULL, 0, c->batch.n)
                                     : NULL;
    ftmx_status status = prefix ? run_entry(c, prefix) : FTMX_OK;
    if (status == FTMX_OK && e)
        status = run_entry(c, e);
    if (status == FTMX_OK && !e)
        return context_fail(c, FTMX_ERROR_MISMATCH, "the library has no such entry");
    return status;
}
