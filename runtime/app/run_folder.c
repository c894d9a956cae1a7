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

#include "csv_file.h"
#include "replace.h"
#include "report.h"
#include "run_record.h"
#include "runs.h"
#include "split_file.h"

char *run_folder_file(const struct run_folder *r, const char *name)
{
    return app_format("%s/%s", r->path, name);
}

/* Whether another folder has the number: runs of all programs are counted through. */
static bool number_taken(const char *runs, const char *name, long number)
{
    DIR *d = opendir(runs);
    bool taken = false;
    for (struct dirent *e; d && (e = readdir(d));)
        taken = taken || (run_number(e->d_name) == number && strcmp(e->d_name, name) != 0);
    if (d)
        closedir(d);
    return taken;
}

/* Makes a folder with that number; *made is false where the number is taken. Of two programs that take one number at the same time
 * both may give way. false after a message. */
static bool make_folder(struct run_folder *r, const char *runs, const char *name, long number,
                        bool *made)
{
    char *folder = app_format("%s-%03ld", name, number);
    r->path = app_format("%s/%s", runs, folder);
    bool ok = true;
    *made = mkdir(r->path, 0777) == 0;
    if (!*made && errno != EEXIST)
        ok =
            report_error("%s: %s; choose another folder with --runs DIR", r->path, strerror(errno));
    if (*made && number_taken(runs, folder, number)) {
        rmdir(r->path);
        *made = false;
    }
    free(folder);
    if (!*made) {
        free(r->path);
        r->path = NULL;
    }
    return ok;
}

static bool make_numbered(struct run_folder *r, const char *runs, const char *name)
{
    if (mkdir(runs, 0777) != 0 && errno != EEXIST)
        return report_error("%s: %s; choose another folder with --runs DIR", runs, strerror(errno));
    bool made = false;
    for (long i = 1; !made && i < 100000; i++)
        if (!make_folder(r, runs, name, i, &made))
            return false;
    return made || report_error("%s: no free run number", runs);
}

char *run_folder_make(const char *runs, const char *name)
{
    struct run_folder r = {0};
    return make_numbered(&r, runs, name) ? r.path : NULL;
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
static bool close_written(const struct run_folder *r, FILE *f, const char *name)
{
    bool ok = !ferror(f);
    ok = fclose(f) == 0 && ok;
    return ok || report_error("%s/%s: %s", r->path, name, strerror(errno));
}

/* What every write of the record has anew. */
static void update_record(struct run_folder *r, const struct session *s, const char *outcome)
{
    char now_text[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(now_text, sizeof now_text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    const struct ftmrt_program *p = s->program;
    json_t *facts =
        json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:s, s:s}", "program", p->name, "compiler",
                  p->compiler, "cpu", p->cpu, "written", now_text, "threads", s->threads, "seed",
                  (json_int_t)s->config.seed, "model", s->config.model ? s->config.model : "",
                  "weights", s->config.weights ? s->config.weights : "random", "outcome", outcome);
    json_object_update(r->record, facts);
    json_decref(facts);
}

/* Where the disk is full a new file cannot be made, but the old one's block is there: the record is what says how a run ended. */
static bool write_in_place(const char *path, const char *text, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, size) == (ssize_t)size && ftruncate(fd, (off_t)size) == 0;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    return ok;
}

/* Written several times, so a later one must not damage the first. */
static bool write_record(const struct run_folder *r)
{
    char *path = run_folder_file(r, "run.json"), error[512] = "out of memory";
    char *text = json_dumps(r->record, JSON_INDENT(2)),
         *line = text ? app_format("%s\n", text) : NULL;
    bool ok = line && replace_whole(path, line, strlen(line), error, sizeof error) == FTMRT_OK;
    if (!ok && line && errno == ENOSPC)
        ok = write_in_place(path, line, strlen(line));
    if (!ok)
        report_error("%s", error);
    free(line);
    free(text);
    free(path);
    return ok;
}

static bool write_recipe(const struct run_folder *r, const struct session *s)
{
    FILE *f = open_in(r, "recipe.ftm");
    if (f && s->config.base && !strchr(s->config.base, '\n'))
        fprintf(f, "# Names of files start at %s\n", s->config.base);
    return f && fputs(s->program->resolved, f) >= 0 && close_written(r, f, "recipe.ftm");
}

/* ---- leaving at once ---- */

/* What a signal handler needs to write a record and to say what is left: prepared, as it may call nothing that allocates. */
static struct {
    char *path, *temporary, *text;
    size_t size;
    char *best, *with_best, *without;
} farewell;

static void forget_farewell(void)
{
    free(farewell.path);
    free(farewell.temporary);
    free(farewell.text);
    free(farewell.best);
    free(farewell.with_best);
    free(farewell.without);
    memset(&farewell, 0, sizeof farewell);
}

/* The lines that are said: with the best weights of the epochs that were done, or without. */
static void prepare_words(const struct run_folder *r)
{
    char *folder = report_word(r->path);
    char *next = app_format("`%s train --resume %s` goes on from the last checkpoint, or from the "
                            "beginning where there is none yet",
                            report_command(), folder);
    farewell.best = run_folder_file(r, "best.safetensors");
    farewell.with_best = app_format("\nstopped at once; the best weights of the epochs that were "
                                    "done are in %s; %s\n",
                                    farewell.best, next);
    farewell.without = app_format("\nstopped at once, before an epoch was done; %s\n", next);
    free(folder);
    free(next);
}

static void prepare_farewell(const struct run_folder *r)
{
    forget_farewell();
    prepare_words(r);
    json_t *record = json_copy(r->record);
    json_object_set_new(record, "outcome", json_string("interrupted"));
    char *text = json_dumps(record, JSON_INDENT(2));
    json_decref(record);
    farewell.path = run_folder_file(r, "run.json");
    farewell.temporary = run_folder_file(r, "run.json.tmp.signal");
    farewell.size = text ? strlen(text) : 0;
    farewell.text = text;
}

void run_folder_abandon(void)
{
    if (!farewell.text)
        return;
    const int fd = open(farewell.temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd >= 0 && write(fd, farewell.text, farewell.size) == (ssize_t)farewell.size)
        rename(farewell.temporary, farewell.path);
    const char *words = access(farewell.best, F_OK) == 0 ? farewell.with_best : farewell.without;
    if (write(STDERR_FILENO, words, strlen(words)) < 0)
        return; /* nobody reads it */
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
    fputs("epoch,step,lr,train_loss,train_accuracy,validation_loss,validation_accuracy,phase,"
          "seconds\n",
          r->metrics);
}

bool run_folder_open(struct run_folder *r, const struct session *s, const char *runs, json_t *facts)
{
    *r = (struct run_folder){.record = facts};
    if (!make_numbered(r, runs, s->program->name))
        return false;
    update_record(r, s, "running");
    if (!write_record(r) || !write_recipe(r, s) || !open_lines(r))
        return false;
    prepare_farewell(r);
    start_metrics(r);
    return true;
}

/* Files in whose names something occurs; "": all. */
static void remove_files(const struct run_folder *r, const char *part)
{
    DIR *d = opendir(r->path);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_type != DT_DIR && strstr(e->d_name, part)) {
            char *path = run_folder_file(r, e->d_name);
            unlink(path);
            free(path);
        }
    if (d)
        closedir(d);
}

void run_folder_discard(struct run_folder *r)
{
    if (!r->path)
        return;
    forget_farewell();
    remove_files(r, "");
    rmdir(r->path);
    if (r->metrics)
        fclose(r->metrics);
    if (r->log)
        fclose(r->log);
    r->metrics = r->log = NULL;
}

/* ---- going on ---- */

bool run_folder_enter(struct run_folder *r, const char *path)
{
    struct run_record record;
    *r = (struct run_folder){.path = app_strdup(path)};
    if (!run_record_read(&record, path))
        return false;
    r->record = json_deep_copy(record.root);
    run_record_free(&record);
    if (!open_lines(r))
        return false;
    remove_files(r, ".tmp."); /* which replace.h was writing when the process was killed */
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

bool run_folder_go_on(struct run_folder *r, const struct session *s, int64_t log_bytes,
                      int64_t metrics_bytes)
{
    if (!cut(r, r->log, "log.jsonl", log_bytes) ||
        !cut(r, r->metrics, "metrics.csv", metrics_bytes) || !write_recipe(r, s))
        return false;
    if (!metrics_bytes)
        start_metrics(r);
    const json_int_t resumed = json_integer_value(json_object_get(r->record, "resumed"));
    json_object_set_new(r->record, "resumed", json_integer(resumed + 1));
    update_record(r, s, "running");
    prepare_farewell(r);
    return write_record(r);
}

bool run_folder_plan(const struct run_folder *r, const struct trainer *t)
{
    json_t *plan = json_pack("{s:I, s:I, s:I, s:I}", "training_samples", (json_int_t)t->train.count,
                             "planned_epochs", (json_int_t)t->epochs, "planned_steps",
                             (json_int_t)t->progress.total_steps, "batch",
                             (json_int_t)t->session->config.batch);
    json_object_update(r->record, plan);
    json_decref(plan);
    prepare_farewell(r);
    return write_record(r);
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
        close_written(r, r->metrics, "metrics.csv");
    if (r->log)
        close_written(r, r->log, "log.jsonl");
    free(r->path);
    json_decref(r->record);
    *r = (struct run_folder){0};
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
        json_object_set_new(line, name, isfinite(v) ? json_real(v) : json_null());
}

static json_t *epoch_json(const struct epoch_result *e)
{
    json_t *line =
        json_pack("{s:I, s:I}", "epoch", (json_int_t)e->epoch, "step", (json_int_t)e->step);
    if (e->phase)
        json_object_set_new(line, "phase", json_string(e->phase));
    json_figure(line, "lr", e->lr);
    json_figure(line, "train_loss", e->train_loss);
    json_figure(line, "train_accuracy", e->train_accuracy);
    json_figure(line, "seconds", e->seconds);
    json_figure(line, "validation_loss", e->validation_loss);
    json_figure(line, "validation_accuracy", e->validation_accuracy);
    if (e->validated && !isfinite(e->validation_loss))
        json_object_set_new(line, "validation_loss", json_null());
    return line;
}

void run_folder_epoch(struct run_folder *r, const struct epoch_result *e)
{
    fprintf(r->metrics, "%lld,%lld", (long long)e->epoch, (long long)e->step);
    const double figures[] = {e->lr, e->train_loss, e->train_accuracy, e->validation_loss,
                              e->validation_accuracy};
    for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
        csv_figure(r->metrics, figures[i]);
    fputc(',', r->metrics);
    csv_write_field(r->metrics, e->phase ? e->phase : "");
    csv_figure(r->metrics, e->seconds);
    fputc('\n', r->metrics);
    fflush(r->metrics);
    json_t *line = epoch_json(e);
    json_dumpf(line, r->log, JSON_COMPACT);
    fputc('\n', r->log);
    fflush(r->log);
    json_object_set_new(r->record, "last", line);
}

bool run_folder_split(const struct run_folder *r, const struct source *source,
                      const struct split *s)
{
    FILE *f = open_in(r, "split.csv");
    if (!f)
        return false;
    split_file_write(f, source, s);
    return close_written(r, f, "split.csv");
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
        csv_write_field(f, s->config.labels[k]);
    }
    fputc('\n', f);
    for (int64_t i = 0; i < m->classes; i++) {
        csv_write_field(f, s->config.labels[i]);
        for (int64_t k = 0; k < m->classes; k++)
            fprintf(f, ",%lld", (long long)m->confusion[i * m->classes + k]);
        fputc('\n', f);
    }
    return close_written(r, f, "confusion.csv");
}

/* The class of a prediction; none where the answer was no number. */
static const char *class_name(const struct session *s, int32_t k)
{
    return k == NO_CLASS ? "" : s->config.labels[k];
}

static void write_prediction(FILE *f, const struct session *s, const struct metrics *m, int64_t i,
                             const struct subset *samples)
{
    char number[SPLIT_NUMBER];
    const int64_t sample = samples->indices ? samples->indices[i] : i;
    csv_write_field(f, split_file_name(samples->source, sample, number));
    fputc(',', f);
    csv_write_field(f, class_name(s, m->labels[i]));
    fputc(',', f);
    csv_write_field(f, class_name(s, m->predicted[i]));
    fprintf(f, m->predicted[i] == NO_CLASS ? ",\n" : ",%.6f\n", (double)m->confidence[i]);
}

bool run_predictions_write(const char *folder, const char *name, const struct session *s,
                           const struct metrics *m, const struct subset *samples)
{
    const struct run_folder r = {.path = (char *)(uintptr_t)folder};
    FILE *f = m->task == TASK_CLASS ? open_in(&r, name) : NULL;
    if (m->task != TASK_CLASS || !f)
        return m->task != TASK_CLASS;
    fputs("sample,label,predicted,confidence\n", f);
    for (int64_t i = 0; i < m->count; i++)
        write_prediction(f, s, m, i, samples);
    return close_written(&r, f, name);
}

/* All figures but the confusion matrix, which has a file of its own. */
static bool write_validation(const struct run_folder *r, const struct session *s,
                             const struct metrics *m)
{
    char *path = run_folder_file(r, "validation.json"), error[512] = "out of memory";
    json_t *figures = metrics_json(m, &s->config);
    json_object_del(figures, "confusion");
    char *text = json_dumps(figures, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    const bool ok =
        text && replace_whole(path, text, strlen(text), error, sizeof error) == FTMRT_OK;
    json_decref(figures);
    free(text);
    free(path);
    return ok || report_error("%s", error);
}

bool run_folder_validation(const struct run_folder *r, const struct session *s,
                           const struct metrics *m, const struct subset *samples)
{
    return write_validation(r, s, m) &&
           (m->task != TASK_CLASS ||
            (run_predictions_write(r->path, "predictions.csv", s, m, samples) &&
             write_confusion(r, s, m)));
}

/* The best epoch, and the figures that it may have been chosen by. */
static json_t *best_json(const struct session *s, const struct progress *p)
{
    json_t *best = json_pack("{s:I}", "epoch", (json_int_t)p->best_epoch);
    json_figure(best, "validation_loss", p->best_loss);
    if (!isnan(p->best_loss) && task_has_accuracy(s->config.task))
        json_figure(best, "validation_accuracy", p->best_accuracy);
    if (!isnan(p->best_loss) && s->config.best >= BEST_BY_MACRO_F1)
        json_figure(best,
                    s->config.best == BEST_BY_MACRO_F1 ? "validation_macro_f1"
                                                       : "validation_balanced_accuracy",
                    p->best);
    return best;
}

bool run_folder_finish(struct run_folder *r, const struct session *s, const struct progress *p,
                       const char *outcome)
{
    struct rusage usage;
    forget_farewell();
    getrusage(RUSAGE_SELF, &usage);
    update_record(r, s, outcome);
    json_object_set_new(r->record, "steps", json_integer(p->step));
    json_object_set_new(r->record, "seconds", json_real(p->seconds));
    json_object_set_new(r->record, "peak_memory_bytes",
                        json_integer((json_int_t)usage.ru_maxrss * 1024));
    if (p->best_epoch)
        json_object_set_new(r->record, "best", best_json(s, p));
    return write_record(r);
}
