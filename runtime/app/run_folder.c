/* The folder of a training run. */
#include "run_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app.h"
#include "replace.h"
#include "report.h"
#include "split_file.h"

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
                     p->compiler, "cpu", p->cpu, "written", started, "threads", s->threads, "seed",
                     (json_int_t)seed, "model", s->config.model ? s->config.model : "", "weights",
                     s->config.weights ? s->config.weights : "random");
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

/* Opens a file to write behind what it holds; it is made if it is not there. */
static FILE *open_again(const struct run_folder *r, const char *name)
{
    char *path = run_folder_file(r, name);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    FILE *f = fd >= 0 ? fdopen(fd, "r+") : NULL;
    if (!f)
        report_error("%s: %s", path, strerror(errno));
    free(path);
    return f;
}

/* Opens both files and takes the lock. Lines of the log are written at once: it can be followed, and a killed run keeps
 * them. */
static bool open_lines(struct run_folder *r)
{
    if (!(r->metrics = open_again(r, "metrics.csv")) || !(r->log = open_again(r, "log.jsonl")))
        return false;
    setvbuf(r->log, NULL, _IOLBF, 0);
    return flock(fileno(r->log), LOCK_EX | LOCK_NB) == 0 ||
           report_error("%s: another process is training in this run", r->path);
}

static void start_metrics(struct run_folder *r)
{
    fputs("epoch,step,lr,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds\n",
          r->metrics);
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
    char folder[4096];
    json_object_set_new(root, "command", command);
    json_object_set_new(root, "folder", json_string(getcwd(folder, sizeof folder) ? folder : "."));
    json_object_set_new(root, "outcome", json_string("running"));
    if (!write_json(r, root) || !write_recipe(r, s) || !open_lines(r))
        return false;
    start_metrics(r);
    return true;
}

/* ---- going on ---- */

static char *text_in(const json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text ? app_strdup(text) : NULL;
}

bool run_record_read(struct run_record *record, const char *path)
{
    char *file = app_format("%s/run.json", path);
    json_t *root = json_load_file(file, 0, NULL);
    const json_t *command = json_object_get(root, "command");
    *record = (struct run_record){.outcome = text_in(root, "outcome"),
                                  .folder = text_in(root, "folder"),
                                  .argc = (int)json_array_size(command)};
    record->argv = app_alloc((size_t)record->argc + 1, sizeof(char *));
    for (int i = 0; i < record->argc; i++) {
        const char *word = json_string_value(json_array_get(command, (size_t)i));
        record->argv[i] = app_strdup(word ? word : "?");
    }
    json_decref(root);
    bool ok = record->outcome && record->folder && record->argc >= 2;
    if (!ok) {
        report_error("%s: not the record of a run", file);
        run_record_free(record);
    }
    free(file);
    return ok;
}

void run_record_free(struct run_record *record)
{
    for (int i = 0; i < record->argc; i++)
        free(record->argv[i]);
    free(record->argv);
    free(record->outcome);
    free(record->folder);
    *record = (struct run_record){0};
}

/* Files that replace.h was writing when the process was killed. */
static void remove_temporary(const struct run_folder *r)
{
    DIR *d = opendir(r->path);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strstr(e->d_name, ".tmp.")) {
            char *path = run_folder_file(r, e->d_name);
            unlink(path);
            free(path);
        }
    if (d)
        closedir(d);
}

bool run_folder_enter(struct run_folder *r, const char *path)
{
    *r = (struct run_folder){.path = app_strdup(path)};
    if (!open_lines(r))
        return false;
    remove_temporary(r);
    return true;
}

/* Cuts a file to a length, at whose end writing goes on. */
static bool cut(const struct run_folder *r, FILE *f, const char *name, int64_t bytes)
{
    struct stat st;
    if (fstat(fileno(f), &st) != 0 || st.st_size < bytes)
        return report_error("%s/%s: is shorter than at the checkpoint", r->path, name);
    if (ftruncate(fileno(f), (off_t)bytes) == 0 && fseeko(f, (off_t)bytes, SEEK_SET) == 0)
        return true;
    return report_error("%s/%s: %s", r->path, name, strerror(errno));
}

/* What later writes of run.json keep of the first. */
static void keep_record(const struct run_folder *r, json_t *root, int more_resumed)
{
    static const char *const keys[] = {"command", "folder"};
    char *path = run_folder_file(r, "run.json");
    json_t *before = json_load_file(path, 0, NULL);
    const json_int_t resumed =
        json_integer_value(json_object_get(before, "resumed")) + more_resumed;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        json_object_set(root, keys[i], json_object_get(before, keys[i]));
    if (resumed)
        json_object_set_new(root, "resumed", json_integer(resumed));
    json_decref(before);
    free(path);
}

bool run_folder_go_on(struct run_folder *r, const struct session *s, int64_t log_bytes,
                      int64_t metrics_bytes)
{
    if (!cut(r, r->log, "log.jsonl", log_bytes) ||
        !cut(r, r->metrics, "metrics.csv", metrics_bytes) || !write_recipe(r, s))
        return false;
    if (!metrics_bytes)
        start_metrics(r);
    json_t *root = run_json(s, s->config.seed);
    keep_record(r, root, 1);
    json_object_set_new(root, "outcome", json_string("running"));
    return write_json(r, root);
}

/* The length of a file whose lines are on the disk; -1 after a message. */
static int64_t durable_length(const struct run_folder *r, FILE *f, const char *name)
{
    if (fflush(f) == 0 && fdatasync(fileno(f)) == 0)
        return (int64_t)ftello(f);
    report_error("%s/%s: %s", r->path, name, strerror(errno));
    return -1;
}

bool run_folder_lengths(struct run_folder *r, int64_t *log_bytes, int64_t *metrics_bytes)
{
    *log_bytes = durable_length(r, r->log, "log.jsonl");
    *metrics_bytes = durable_length(r, r->metrics, "metrics.csv");
    return *log_bytes >= 0 && *metrics_bytes >= 0;
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

/* The same for JSON. */
static void json_figure(json_t *line, const char *name, double v)
{
    if (!isnan(v))
        json_object_set_new(line, name, json_real(v));
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
    json_t *line =
        json_pack("{s:I, s:I}", "epoch", (json_int_t)e->epoch, "step", (json_int_t)e->step);
    json_figure(line, "lr", e->lr);
    json_figure(line, "train_loss", e->train_loss);
    json_figure(line, "train_accuracy", e->train_accuracy);
    json_figure(line, "seconds", e->seconds);
    json_figure(line, "validation_loss", e->validation_loss);
    json_figure(line, "validation_accuracy", e->validation_accuracy);
    json_dumpf(line, r->log, JSON_COMPACT);
    json_decref(line);
    fputc('\n', r->log);
    fflush(r->log);
}

bool run_folder_split(const struct run_folder *r, const struct source *source,
                      const struct split *s)
{
    FILE *f = open_in(r, "split.csv");
    if (!f)
        return false;
    split_file_write(f, source, s);
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
    if (m->task != TASK_CLASS)
        return true;
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
    json_t *root = run_json(s, seed);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    keep_record(r, root, 0);
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
