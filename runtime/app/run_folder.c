/* The folder of a training run. */
#include "run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "replace.h"
#include "report.h"

char *run_folder_file(const struct run_folder *r, const char *name)
{
    return app_format("%s/%s", r->path, name);
}

/* The number of a run's folder of that program, or -1. */
static long run_number(const char *entry, const char *name)
{
    size_t n = strlen(name);
    if (strncmp(entry, name, n) != 0 || entry[n] != '-')
        return -1;
    char *end;
    long v = strtol(entry + n + 1, &end, 10);
    return *end || end == entry + n + 1 || v < 1 ? -1 : v;
}

static bool make_numbered(struct run_folder *r, const char *runs, const char *name)
{
    if (mkdir(runs, 0777) != 0 && errno != EEXIST)
        return report_error("%s: %s; choose another folder with --runs DIR", runs, strerror(errno));
    for (int i = 1; i < 100000; i++) {
        r->path = app_format("%s/%s-%03d", runs, name, i);
        if (mkdir(r->path, 0777) == 0)
            return true;
        if (errno != EEXIST)
            return report_error("%s: %s; choose another folder with --runs DIR", r->path,
                                strerror(errno));
        free(r->path);
    }
    r->path = NULL;
    return report_error("%s: no free run number", runs);
}

static FILE *open_in(const struct run_folder *r, const char *name)
{
    char *path = run_folder_file(r, name);
    FILE *f = fopen(path, "w");
    if (!f)
        report_error("%s: %s", path, strerror(errno));
    free(path);
    return f;
}

/* Closes a file that was written; false after a message if anything was lost. */
static bool close_written(FILE *f, const char *name)
{
    bool ok = !ferror(f);
    ok = fclose(f) == 0 && ok;
    return ok || report_error("%s: %s", name, strerror(errno));
}

static json_t *run_json(const struct session *s, uint64_t seed)
{
    char started[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    const struct ftmrt_program *p = s->program;
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:s}", "program", p->name, "compiler",
                     p->compiler, "cpu", p->cpu, "written", started, "threads", ftmrt_threads(),
                     "seed", (json_int_t)seed, "model", s->config.model ? s->config.model : "",
                     "weights", s->config.weights ? s->config.weights : "random");
}

/* Written twice, at the begin and at the end, so the second must not damage the first. */
static bool write_json(const struct run_folder *r, json_t *root)
{
    char *path = run_folder_file(r, "run.json"), error[512] = "out of memory";
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    struct replace_file f;
    bool ok = text && replace_open(&f, path, error, sizeof(error)) == FTMRT_OK;
    if (ok && (replace_write(&f, text, strlen(text), error, sizeof(error)) != FTMRT_OK ||
               replace_write(&f, "\n", 1, error, sizeof(error)) != FTMRT_OK)) {
        replace_abort(&f);
        ok = false;
    }
    ok = ok && replace_commit(&f, error, sizeof(error)) == FTMRT_OK;
    if (!ok)
        report_error("%s", error);
    free(text);
    free(path);
    json_decref(root);
    return ok;
}

static bool write_recipe(const struct run_folder *r, const struct session *s)
{
    FILE *f = open_in(r, "recipe.ftm");
    if (f && s->config.base && !strchr(s->config.base, '\n'))
        fprintf(f, "# Names of files start at %s\n", s->config.base);
    return f && fputs(s->program->resolved, f) >= 0 && close_written(f, "recipe.ftm");
}

bool run_folder_open(struct run_folder *r, const struct session *s, const char *runs, uint64_t seed,
                     int argc, char **argv)
{
    *r = (struct run_folder){0};
    if (!make_numbered(r, runs, s->program->name))
        return false;
    json_t *root = run_json(s, seed), *command = json_array();
    for (int i = 0; i < argc; i++) {
        json_t *word = json_string(argv[i]); /* NULL for what is not UTF-8 */
        json_array_append_new(command, word ? word : json_string("?"));
    }
    json_object_set_new(root, "command", command);
    json_object_set_new(root, "outcome", json_string("running"));
    if (!write_json(r, root) || !write_recipe(r, s) || !(r->metrics = open_in(r, "metrics.csv")) ||
        !(r->log = open_in(r, "log.jsonl")))
        return false;
    setvbuf(r->log, NULL, _IOLBF, 0); /* it can be followed, and a killed run keeps its lines */
    fputs("epoch,step,lr,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds\n",
          r->metrics);
    return true;
}

void run_folder_close(struct run_folder *r)
{
    if (r->metrics)
        close_written(r->metrics, "metrics.csv");
    if (r->log)
        close_written(r->log, "log.jsonl");
    free(r->path);
    *r = (struct run_folder){0};
}

/* A field of text, quoted as RFC 4180 says. */
static void csv_text(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    fputc('"', f);
}

/* A figure for CSV: empty if there is none. */
static void csv_figure(FILE *f, double v)
{
    if (isnan(v))
        fputc(',', f);
    else
        fprintf(f, ",%.9g", v);
}

void run_folder_step(struct run_folder *r, const struct step_result *s)
{
    fprintf(r->log, "{\"step\":%lld,\"lr\":%.9g,\"loss\":%.9g}\n", (long long)s->step, s->lr,
            s->loss);
}

void run_folder_epoch(struct run_folder *r, const struct epoch_result *e)
{
    fprintf(r->metrics, "%lld,%lld", (long long)e->epoch, (long long)e->step);
    const double figures[] = {
        e->lr,     e->train_loss, e->train_accuracy, e->validation_loss, e->validation_accuracy,
        e->seconds};
    for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
        csv_figure(r->metrics, figures[i]);
    fputc('\n', r->metrics);
    fflush(r->metrics);
    json_t *line = json_pack("{s:I, s:I, s:f, s:f, s:f, s:f}", "epoch", (json_int_t)e->epoch,
                             "step", (json_int_t)e->step, "lr", e->lr, "train_loss", e->train_loss,
                             "train_accuracy", e->train_accuracy, "seconds", e->seconds);
    if (line && !isnan(e->validation_loss)) {
        json_object_set_new(line, "validation_loss", json_real(e->validation_loss));
        json_object_set_new(line, "validation_accuracy", json_real(e->validation_accuracy));
    }
    json_dumpf(line, r->log, JSON_COMPACT);
    json_decref(line);
    fputc('\n', r->log);
    fflush(r->log);
}

bool run_folder_split(const struct run_folder *r, const struct split *s)
{
    FILE *f = open_in(r, "split.csv");
    if (!f)
        return false;
    fputs("sample,part\n", f);
    for (int64_t t = 0, v = 0; t < s->train_count || v < s->validation_count;) {
        bool train =
            v == s->validation_count || (t < s->train_count && s->train[t] < s->validation[v]);
        fprintf(f, "%lld,%s\n", (long long)(train ? s->train[t++] : s->validation[v++]),
                train ? "train" : "validation");
    }
    return close_written(f, "split.csv");
}

static bool write_confusion(const struct run_folder *r, const struct session *s,
                            const struct metrics *m)
{
    FILE *f = open_in(r, "confusion.csv");
    if (!f)
        return false;
    fputs("label", f);
    for (int64_t k = 0; k < m->classes; k++) {
        fputc(',', f);
        csv_text(f, s->config.labels[k]);
    }
    fputc('\n', f);
    for (int64_t i = 0; i < m->classes; i++) {
        csv_text(f, s->config.labels[i]);
        for (int64_t k = 0; k < m->classes; k++)
            fprintf(f, ",%lld", (long long)m->confusion[i * m->classes + k]);
        fputc('\n', f);
    }
    return close_written(f, "confusion.csv");
}

bool run_folder_predictions(const struct run_folder *r, const struct session *s,
                            const struct metrics *m)
{
    FILE *f = open_in(r, "predictions.csv");
    if (!f)
        return false;
    fputs("sample,label,predicted,confidence\n", f);
    for (int64_t i = 0; i < m->count; i++) {
        fprintf(f, "%lld,", (long long)i);
        csv_text(f, s->config.labels[m->labels[i]]);
        fputc(',', f);
        csv_text(f, s->config.labels[m->predicted[i]]);
        fprintf(f, ",%.6f\n", (double)m->confidence[i]);
    }
    return close_written(f, "predictions.csv") && write_confusion(r, s, m);
}

bool run_folder_finish(const struct run_folder *r, const struct session *s, uint64_t seed,
                       double seconds, const char *outcome)
{
    char *path = run_folder_file(r, "run.json");
    json_t *before = json_load_file(path, 0, NULL), *root = run_json(s, seed);
    free(path);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    json_object_set(root, "command", json_object_get(before, "command"));
    json_decref(before);
    json_object_set_new(root, "outcome", json_string(outcome));
    json_object_set_new(root, "seconds", json_real(seconds));
    json_object_set_new(root, "peak_memory_bytes",
                        json_integer((json_int_t)usage.ru_maxrss * 1024));
    return write_json(r, root);
}

char *run_folder_latest_best(const char *runs, const char *name)
{
    DIR *d = opendir(runs);
    long best = -1;
    for (struct dirent *e; d && (e = readdir(d));) {
        long v = run_number(e->d_name, name);
        char *path = app_format("%s/%s/best.safetensors", runs, e->d_name);
        if (v > best && access(path, R_OK) == 0)
            best = v;
        free(path);
    }
    if (d)
        closedir(d);
    return best < 0 ? NULL : app_format("%s/%s-%03ld/best.safetensors", runs, name, best);
}
