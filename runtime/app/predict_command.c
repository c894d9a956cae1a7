/* The command `predict`: pictures, or an array of images. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "array.h"
#include "command.h"
#include "evaluate.h"
#include "loader.h"
#include "metrics.h"
#include "picture_file.h"
#include "report.h"
#include "session.h"

/* Where results go: lines, or a JSON list that is printed at the end. */
struct output {
    const struct config *config;
    int64_t top;
    json_t *list;
};

static int64_t next_best(const double *p, int64_t classes, const bool *taken)
{
    int64_t best = -1;
    for (int64_t k = 0; k < classes; k++)
        if (!taken[k] && (best < 0 || p[k] > p[best]))
            best = k;
    return best;
}

/* ---- figures of the outputs, by the task ---- */

static void class_probabilities(const struct config *c, const float *logits, double *p)
{
    probabilities(logits, c->classes, p);
}

static void yes_probabilities(const struct config *c, const float *logits, double *p)
{
    for (int64_t k = 0; k < c->classes; k++)
        p[k] = 1 / (1 + exp(-(double)logits[k]));
}

static void numbers(const struct config *c, const float *logits, double *p)
{
    for (int64_t k = 0; k < c->classes; k++)
        p[k] = (double)logits[k];
}

/* The share of the pixels that are predicted as each class. */
static void pixel_shares(const struct config *c, const float *logits, double *p)
{
    const int64_t pixels = c->output_count / c->classes;
    for (int64_t i = 0; i < pixels; i++) {
        int64_t best = 0;
        for (int64_t k = 1; k < c->classes; k++)
            best = logits[k * pixels + i] > logits[best * pixels + i] ? k : best;
        p[best] += 1 / (double)pixels;
    }
}

static const struct task_figures {
    void (*compute)(const struct config *c, const float *logits, double *p); /* p: [classes], 0 */
    bool ranked;                        /* the greatest first, --top of them; else all in order */
    const char *list, *output, *figure; /* in JSON */
} figures[TASK_COUNT] = {
    [TASK_CLASS] = {class_probabilities, true, "top", "class", "probability"},
    [TASK_DISTRIBUTION] = {class_probabilities, true, "top", "class", "probability"},
    [TASK_LABELS] = {yes_probabilities, true, "top", "class", "probability"},
    [TASK_NUMBERS] = {numbers, false, "outputs", "output", "value"},
    [TASK_PIXELS] = {pixel_shares, true, "top", "class", "share"},
};

static void print_figure(struct output *out, json_t *list, int64_t k, double value)
{
    const struct task_figures *t = &figures[out->config->task];
    const char *name = out->config->labels[k];
    if (list)
        json_array_append_new(list, json_pack("{s:s, s:f}", t->output, name, t->figure, value));
    else
        printf(" %s %.4f", name, value);
}

static void print_sample(struct output *out, const char *name, const float *logits)
{
    const struct task_figures *t = &figures[out->config->task];
    const int64_t classes = out->config->classes,
                  count = t->ranked && out->top < classes ? out->top : classes;
    double *p = app_alloc((size_t)classes, sizeof(double));
    bool *taken = app_alloc((size_t)classes, sizeof(bool));
    json_t *list = out->list ? json_array() : NULL;
    t->compute(out->config, logits, p);
    if (!list)
        printf("%s:", name);
    for (int64_t i = 0; i < count; i++) {
        const int64_t k = t->ranked ? next_best(p, classes, taken) : i;
        taken[k] = true;
        if (i && !list)
            putchar(',');
        print_figure(out, list, k, p[k]);
    }
    if (list)
        json_array_append_new(out->list, json_pack("{s:s, s:o}", "file", name, t->list, list));
    else
        putchar('\n');
    free(taken);
    free(p);
}

/* One picture at a time: a bad file does not spoil the answers for the others. */
static bool predict_file(struct session *s, struct output *out, struct loader_space *space,
                         const char *path)
{
    const struct loader l = loader_of(NULL, &s->config.input_eval, s->config.seed, 0);
    struct ftmrt_picture picture;
    if (!picture_file_read(path, &s->config.pictures, &space->field, &picture) ||
        !loader_picture(&l, space, &picture, path, s->inputs) || !session_predict(s, 1))
        return false;
    print_sample(out, path, s->logits);
    return true;
}

static bool predict_files(struct session *s, struct output *out, const struct options *o)
{
    struct loader_space space = {0};
    bool ok = true;
    for (int i = 0; i < o->file_count; i++)
        ok = predict_file(s, out, &space, o->files[i]) && ok;
    loader_space_free(&space);
    return ok;
}

static void print_samples(struct output *out, const float *logits, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%lld", (long long)i);
        print_sample(out, name, logits + i * out->config->output_count);
    }
}

static bool predict_array(struct session *s, struct output *out, const struct options *o)
{
    struct source d;
    const struct source_want want = config_want(&s->config, &s->config.input_eval, NULL);
    if (!source_open_npy(&d, o->data, &want))
        return false;
    const int64_t dims[2] = {d.count, s->config.output_count};
    float *logits = app_alloc((size_t)(dims[0] * dims[1]), sizeof(float));
    bool ok = evaluate(s, &(struct subset){&d, NULL, d.count}, NULL, logits);
    if (ok && (o->json || !o->logits))
        print_samples(out, logits, d.count);
    ok = ok && (!o->logits || array_write_npy(o->logits, logits, 2, dims));
    free(logits);
    source_close(&d);
    return ok;
}

int command_predict(const struct ftmrt_program *p, const struct options *o)
{
    struct session s;
    if (!o->file_count == !o->data) {
        report_error("name pictures to predict, or an array with --data X.npy");
        return EXIT_WRONG_USAGE;
    }
    if (o->top_given && o->top < 1) {
        report_error("--top takes 1 or more");
        return EXIT_WRONG_USAGE;
    }
    if (!session_open(&s, p, app_threads(o), NULL))
        return EXIT_ERROR;
    s.workers = app_workers(o);
    struct output out = {&s.config, o->top_given && o->top > 0 ? o->top : 1,
                         o->json ? json_array() : NULL};
    char *runs = session_runs_folder(o->runs);
    bool ok = session_take_weights(&s, o->weights, runs) &&
              (o->data ? predict_array(&s, &out, o) : predict_files(&s, &out, o));
    if (out.list) {
        json_dumpf(out.list, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        putchar('\n');
        json_decref(out.list);
    }
    session_close(&s);
    free(runs);
    return ok ? EXIT_OK : EXIT_ERROR;
}
