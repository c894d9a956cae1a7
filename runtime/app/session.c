/* A program ready to run. */
#include "session.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report.h"
#include "run_folder.h"

/* The workspace: anonymous memory, in huge pages where the system gives them (they halve the time
 * of some kernels). */
static bool map_workspace(struct session *s)
{
    const size_t huge = (size_t)2 << 20;
    s->workspace_bytes = ((size_t)s->program->workspace_size + huge - 1) / huge * huge;
    s->workspace =
        mmap(NULL, s->workspace_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->workspace == MAP_FAILED) {
        s->workspace = NULL;
        return report_error("out of memory: the network needs %.1f MB",
                            (double)s->workspace_bytes / 1e6);
    }
    madvise(s->workspace, s->workspace_bytes, MADV_HUGEPAGE);
    return true;
}

bool session_open(struct session *s, const struct ftmrt_program *p, const uint64_t *seed)
{
    *s = (struct session){.program = p};
    if (!config_read(&s->config, p) || !map_workspace(s)) {
        session_close(s);
        return false;
    }
    struct config *c = &s->config;
    if (seed)
        c->seed = *seed;
    size_t n = (size_t)p->max_batch;
    s->inputs = app_alloc(n * (size_t)(c->channels * c->height * c->width), sizeof(float));
    s->labels = app_alloc(n, sizeof(int32_t));
    s->logits = app_alloc(n * (size_t)c->classes, sizeof(float));
    enum ftmrt_status status = ftmrt_init_workspace(p, s->workspace, c->seed);
    if (status != FTMRT_OK) {
        session_close(s);
        return report_error("the weights in the program cannot be used: %s",
                            ftmrt_status_text(status));
    }
    return true;
}

void session_close(struct session *s)
{
    if (s->workspace)
        munmap(s->workspace, s->workspace_bytes);
    config_free(&s->config);
    free(s->inputs);
    free(s->labels);
    free(s->logits);
    free(s->weights_from);
    *s = (struct session){0};
}

/* ---- entries ---- */

enum { MAX_VALUES = 16 };

/* Where a step's values are. Inputs and outputs are bound by their names, which stand for their roles: the network's
 * input and the label are the batch, lr is the schedule's, every other scalar the optimizer's. */
struct step {
    double lr;
    float scalars[MAX_VALUES]; /* by input */
    float *loss;
};

/* The data of input i, or NULL. */
static const void *input_data(struct session *s, const struct ftmrt_entry *e, uint32_t i,
                              struct step *step)
{
    const char *name = e->inputs[i].name;
    double value = step->lr;
    if (!strcmp(name, s->config.input_name))
        return s->inputs;
    if (!strcmp(name, "label"))
        return s->labels;
    if (strcmp(name, "lr") != 0 && !config_scalar(&s->config, name, &value))
        return NULL;
    step->scalars[i] = (float)value;
    return &step->scalars[i];
}

static void *output_data(struct session *s, const char *name, struct step *step)
{
    return !strcmp(name, "logits") ? s->logits : !strcmp(name, "loss") ? step->loss : NULL;
}

static bool run_entry(struct session *s, const char *entry, struct step *step, int64_t n)
{
    const struct ftmrt_entry *e = ftmrt_find_entry(s->program, entry);
    const void *inputs[MAX_VALUES];
    void *outputs[MAX_VALUES];
    if (!e || e->input_count > MAX_VALUES || e->output_count > MAX_VALUES)
        return report_error("this program has no entry '%s'", entry);
    for (uint32_t i = 0; i < e->input_count; i++)
        if (!(inputs[i] = input_data(s, e, i, step)))
            return report_error("entry '%s' wants an unknown input '%s'", entry, e->inputs[i].name);
    for (uint32_t i = 0; i < e->output_count; i++)
        if (!(outputs[i] = output_data(s, e->outputs[i].name, step)))
            return report_error("entry '%s' has an unknown output '%s'", entry, e->outputs[i].name);
    enum ftmrt_status status = e->run(s->workspace, inputs, outputs, n);
    return status == FTMRT_OK || report_error("entry '%s': %s", entry, ftmrt_status_text(status));
}

bool session_predict(struct session *s, int64_t n)
{
    return run_entry(s, "predict", &(struct step){0}, n);
}

bool session_evaluate(struct session *s, int64_t n, float *loss)
{
    return run_entry(s, "eval", &(struct step){.loss = loss}, n);
}

bool session_train_step(struct session *s, int64_t n, double lr, float *loss)
{
    return run_entry(s, "train", &(struct step){.lr = lr, .loss = loss}, n);
}

char *session_runs_folder(const char *given)
{
    if (given)
        return app_strdup(given);
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n <= 0)
        return app_strdup("runs");
    path[n] = 0;
    char *slash = strrchr(path, '/');
    return app_format("%.*s/runs", (int)(slash - path), path);
}

static bool all_pretrained(const struct ftmrt_program *p)
{
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].kind == FTMRT_STATE_PARAMETER && p->states[i].source < 0)
            return false;
    return true;
}

bool session_is_trained(const struct session *s, const char *runs)
{
    char *best = run_folder_latest_best(runs, s->program->name);
    bool found = best != NULL;
    free(best);
    return found || all_pretrained(s->program);
}

bool session_take_weights(struct session *s, const char *path, const char *runs)
{
    char *best = path ? app_strdup(path) : run_folder_latest_best(runs, s->program->name);
    if (best) {
        bool ok = session_load(s, best);
        free(s->weights_from);
        s->weights_from = best;
        return ok;
    }
    if (!all_pretrained(s->program))
        return report_error(
            "not trained yet: run '%s train' first, or name a trained file with --weights FILE",
            s->program->name);
    s->weights_from =
        app_format("%s (pretrained)", s->config.weights ? s->config.weights : "the program");
    return true;
}
