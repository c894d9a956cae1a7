/* The command `watch`: a run that another process trains, followed by the lines of its log. Nothing of the run is touched. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "current.h"
#include "epoch_line.h"
#include "interruption.h"
#include "progress_line.h"
#include "report.h"
#include "run_log.h"
#include "runs.h"

/* What is followed. */
struct watch {
    struct run run;     /* with the record as it was read last */
    FILE *lines;        /* of log.jsonl */
    char *line;         /* the one that is being read, */
    size_t room, have;  /* of which so much is there yet */
    struct run_log log; /* what was read */
    int64_t told;       /* epochs that were printed */
    bool terminal;
    double last;            /* when the progress was shown, on trainer_clock */
    double since;           /* from when on steps are counted, */
    int64_t first_step;     /* behind this one */
    double loss, loss_mass; /* smoothed, and the weight of all losses in it */
};

#define SMOOTHING 0.95

/* Every so many looks at the log it is asked whether the run has ended, which tries its lock. */
enum { LOOKS = 5, PAUSE = 200 };

/* ---- the log ---- */

static void take_loss(struct watch *w)
{
    const double loss = w->log.loss[w->log.steps - 1];
    w->loss = SMOOTHING * w->loss + (1 - SMOOTHING) * loss;
    w->loss_mass = SMOOTHING * w->loss_mass + (1 - SMOOTHING);
}

static void clear_progress(const struct watch *w)
{
    if (w->terminal)
        fprintf(stderr, "\r\033[K");
}

/* An epoch that was told is not told again where a run goes on from a checkpoint before it. */
static void tell_epoch(struct watch *w)
{
    const struct run_log_epoch *e = &w->log.epochs[w->log.epoch_count - 1];
    const double epochs = run_record_number(&w->run.record, NULL, "planned_epochs");
    if ((int64_t)e->epoch <= w->told)
        return;
    w->told = (int64_t)e->epoch;
    clear_progress(w);
    epoch_line_print(&(struct epoch_result){.phase = e->phase,
                                            .epoch = (int64_t)e->epoch,
                                            .train_loss = e->train_loss,
                                            .train_accuracy = e->train_accuracy,
                                            .validation_loss = e->validation_loss,
                                            .validation_accuracy = e->validation_accuracy,
                                            .seconds = e->seconds},
                     isnan(epochs) ? (int64_t)e->epoch : (int64_t)epochs, e->validates);
}

static void take_line(struct watch *w)
{
    const int64_t steps = w->log.steps, epochs = w->log.epoch_count;
    run_log_add(&w->log, w->line);
    if (w->log.steps > steps)
        take_loss(w);
    if (w->log.epoch_count > epochs)
        tell_epoch(w);
}

/* Reads the lines that are there, each when it is whole. */
static void read_lines(struct watch *w)
{
    int c;
    clearerr(w->lines);
    while ((c = getc(w->lines)) != EOF) {
        if (w->have + 1 >= w->room) {
            w->room = w->room ? 2 * w->room : 256;
            w->line = app_grow(w->line, w->room, 1);
        }
        w->line[w->have++] = (char)c;
        if (c != '\n')
            continue;
        w->line[w->have] = '\0';
        w->have = 0;
        take_line(w);
    }
}

/* A run that goes on from a checkpoint cuts its log: then it is read from its beginning. */
static void mind_cut(struct watch *w)
{
    struct stat st;
    if (fstat(fileno(w->lines), &st) != 0 || st.st_size >= ftello(w->lines))
        return;
    clear_progress(w);
    report_note("the run goes on from a checkpoint");
    if (fseeko(w->lines, 0, SEEK_SET) != 0)
        return;
    run_log_free(&w->log);
    w->have = 0;
    w->loss = w->loss_mass = 0;
}

static bool open_log(struct watch *w)
{
    char *path = app_format("%s/log.jsonl", w->run.path);
    w->lines = fopen(path, "re");
    const bool ok = w->lines || report_error("%s: cannot be read", path);
    free(path);
    return ok;
}

/* ---- progress ---- */

/* How many steps the epoch that runs has, as far as is known; 0: it is not. */
static double steps_of_epoch(const struct watch *w)
{
    const double samples = run_record_number(&w->run.record, NULL, "training_samples"),
                 batch = run_record_number(&w->run.record, NULL, "batch");
    return samples > 0 && batch > 0 ? ceil(samples / batch) : 0;
}

/* false: nothing was seen to move yet. */
static bool view_of(const struct watch *w, double now, struct progress_view *v)
{
    const struct run_log *l = &w->log;
    const int64_t step = l->steps ? (int64_t)l->step[l->steps - 1] : 0;
    const double before = l->epoch_count ? l->epochs[l->epoch_count - 1].step : 0,
                 length = steps_of_epoch(w),
                 all = run_record_number(&w->run.record, NULL, "planned_steps"),
                 epochs = run_record_number(&w->run.record, NULL, "planned_epochs");
    const double pace = (double)(step - w->first_step) / (now - w->since);
    if (!(pace > 0) || isnan(all) || isnan(epochs) || !(length > 0))
        return false;
    *v = (struct progress_view){.epoch = l->epoch_count + 1,
                                .epochs = (int64_t)epochs,
                                .step = step,
                                .steps = (int64_t)all,
                                .done = fmin(((double)step - before) / length, 1),
                                .loss = w->loss / w->loss_mass,
                                .rate = pace * run_record_number(&w->run.record, NULL, "batch"),
                                .left = (all - (double)step) / pace};
    return v->epoch <= v->epochs;
}

static void show_progress(struct watch *w)
{
    const double now = trainer_clock();
    struct progress_view v;
    if (now - w->last < progress_line_pause(w->terminal) || !view_of(w, now, &v))
        return;
    w->last = now;
    progress_line_print(w->terminal, &v);
}

/* ---- how it ends ---- */

/* Reads the record again; a moment at which it is half replaced there is not. */
static void renew_record(struct watch *w)
{
    struct run_record r;
    if (!run_record_find(&r, w->run.path))
        return;
    run_record_free(&w->run.record);
    w->run.record = r;
}

static void pause_for(long milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

/* Whether the run has ended. The record says so when it is written; a run that begins or ends has for a moment no lock, so that one
 * without is looked at twice. */
static bool has_ended(struct watch *w)
{
    renew_record(w);
    if (!strcmp(run_outcome(&w->run), "running"))
        return false;
    if (!strcmp(w->run.record.outcome, "running")) {
        pause_for(1000);
        renew_record(w);
    }
    return strcmp(run_outcome(&w->run), "running") != 0;
}

static int say_end(const struct watch *w)
{
    const char *outcome = run_outcome(&w->run);
    char *best = run_best_text(&w->run);
    clear_progress(w);
    if (!strcmp(outcome, "finished"))
        printf("run %ld is finished; best in validation %s; weights in %s/best.safetensors\n",
               w->run.number, best, w->run.path);
    else if (!strcmp(outcome, "failed"))
        report_error("run %ld failed; what it said is on the terminal that began it",
                     w->run.number);
    else
        report_error("run %ld %s; `%s train --resume %ld` goes on", w->run.number,
                     strcmp(outcome, "killed") ? "was interrupted"
                                               : "died: no process works on it any more",
                     report_command(), w->run.number);
    free(best);
    return strcmp(outcome, "finished") ? EXIT_ERROR : EXIT_OK;
}

/* ---- the command ---- */

static int follow(struct watch *w)
{
    bool ended = false;
    read_lines(w);
    w->since = trainer_clock();
    w->first_step = w->log.steps ? (int64_t)w->log.step[w->log.steps - 1] : 0;
    for (int i = 0; !ended && !interruption_came(); i++) {
        ended = i % LOOKS == 0 && has_ended(w);
        mind_cut(w);
        read_lines(w);
        if (ended)
            break;
        show_progress(w);
        pause_for(PAUSE);
    }
    if (ended)
        return say_end(w);
    clear_progress(w);
    report_note("run %ld goes on without being watched", w->run.number);
    return EXIT_INTERRUPTED;
}

/* The newest that is training, else the newest. */
static const struct run *choose(struct runs *r, const struct options *o)
{
    if (o->file_count)
        return runs_find(r, o->files[0]);
    const struct run *newest = NULL;
    for (size_t i = r->count; i > 0; i--) {
        const struct run *run = r->at[i - 1];
        if (run->own && !strcmp(run_outcome(run), "running"))
            return run;
        if (run->own && !newest)
            newest = run;
    }
    if (!newest)
        report_error("there are no runs of this program in %s yet", r->folder);
    return newest;
}

int command_watch(const struct ftmrt_program *p, const struct options *o)
{
    struct runs r;
    int code = EXIT_ERROR;
    if (o->file_count > 1) {
        report_error("name one run, by number, name or folder: %s watch 3", report_command());
        return EXIT_WRONG_USAGE;
    }
    runs_read(&r, p, o->runs);
    const struct run *run = choose(&r, o);
    struct watch w = {.terminal = isatty(STDERR_FILENO) != 0};
    if (run) {
        w.run = *run;
        w.run.record = (struct run_record){0};
    }
    if (run && run_record_read(&w.run.record, run->path) && open_log(&w)) {
        interruption_watch(NULL);
        printf("run %ld (%s): %s\n", run->number, run->name, run_outcome(&w.run));
        fflush(stdout);
        code = follow(&w);
        fclose(w.lines);
    }
    run_record_free(&w.run.record);
    run_log_free(&w.log);
    free(w.line);
    runs_free(&r);
    return code;
}
