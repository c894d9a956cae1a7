/* The command `train`: a trainer with options, a run folder, lines on the terminal, and a clean stop on Ctrl-C. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "best_epoch.h"
#include "calibration.h"
#include "checkpoint.h"
#include "class_weights.h"
#include "command.h"
#include "current.h"
#include "data_warnings.h"
#include "epoch_advice.h"
#include "epoch_line.h"
#include "expected_time.h"
#include "file_bytes.h"
#include "interruption.h"
#include "model_card.h"
#include "phase_words.h"
#include "progress_line.h"
#include "report.h"
#include "run_choice.h"
#include "run_facts.h"
#include "run_folder.h"
#include "run_page.h"
#include "runs.h"
#include "split_file.h"
#include "state_tensors.h"
#include "target_scale.h"
#include "thresholds.h"
#include "train_folds.h"
#include "train_options.h"
#include "train_warnings.h"
#include "trained_fact.h"
#include "trainer.h"
#include "training_data.h"
#include "training_failure.h"
#include "weight_average.h"

/* When checkpoints are written. */
struct checkpoint_plan {
    int64_t every;  /* steps; 0: not by steps */
    double seconds; /* between two; 0: not by time */
    double next;    /* on trainer_clock */
};

/* The command and all that it owns. */
struct train_command {
    const struct options *options; /* of the command line, or of the run that goes on */
    int threads, workers;          /* of this command line, also where a run goes on */
    const struct options *own;     /* of this command line, as well */
    struct runs runs;              /* beside this one */
    char *resumed;                 /* the folder of the run that goes on, or NULL */
    struct options past; /* its options, whose files are past_files; or those of --minutes, */
    const char **past_files;
    char **fitted; /* whose arguments these are, [past.argc]; owned */
    struct run_identity identity;
    uint64_t data_hash;
    struct checkpoint_plan checkpoints;
    struct session session;
    struct training_data data;
    struct trainer trainer;
    int64_t kept_epoch; /* whose weights best.safetensors has; 0: there are none */
    struct run_folder run;
    struct progress_line line;
    struct expected_time timed;
    struct epoch_advice advice;
};

/* ---- what there is to do ---- */

/* Values of the optimizer are those of phases, where there are several. */
static bool options_fit_phases(const struct options *o, uint32_t phases)
{
    const char *option = o->lr_given             ? "--lr"
                         : o->weight_decay_given ? "--weight-decay"
                         : o->momentum_given     ? "--momentum"
                                                 : NULL;
    return !option || report_error("%s: each of the %u phases has one of its own; `ftmc -D "
                                   "NAME.optimizer.ARGUMENT=VALUE` sets that of one",
                                   option, (unsigned)phases);
}

/* A trainer for what the command line and the recipe say; false if there is nothing to do. */
static bool plan(struct train_command *t)
{
    const struct config *c = &t->session.config;
    const struct options *o = t->options;
    const int64_t epochs = o->epochs_given ? o->epochs : c->epochs;
    double lr = o->lr;
    if (!o->lr_given && !network_scalar(c->optimizer, "lr", &lr))
        return report_error("the optimizer has no learning rate");
    const uint32_t phases = phases_count(t->session.program->recipe);
    if (phases > 1 && !options_fit_phases(o, phases))
        return false;
    const bool enough = trainer_open(&t->trainer, &t->session, training_data_all(&t->data),
                                     training_data_validation(&t->data), epochs,
                                     o->steps_given ? o->steps : -1, lr);
    if (t->trainer.progress.total_steps <= 0)
        return report_error("there is nothing to train: 0 steps");
    return enough ||
           report_error(
               "--%s %lld: the recipe has %u phases, each of which needs one",
               o->steps_given && o->steps < (int64_t)phases ? "steps" : "epochs",
               (long long)(o->steps_given && o->steps < (int64_t)phases ? o->steps : epochs),
               (unsigned)phases);
}

/* ---- what happens while training ---- */

static bool save_as(struct train_command *t, const char *name,
                    const struct ftmrt_training *training)
{
    char *path = run_folder_file(&t->run, name);
    bool ok = session_save(&t->session, path, training);
    free(path);
    return ok;
}

static struct ftmrt_training training_of(const struct train_command *t, int64_t epoch, bool chosen,
                                         double temperature)
{
    return (struct ftmrt_training){.seed = t->session.config.seed,
                                   .epoch = epoch,
                                   .data = t->data_hash,
                                   .chosen = chosen,
                                   .temperature = temperature};
}

static bool save_last(struct train_command *t, int64_t epoch, double temperature)
{
    const struct ftmrt_training training = training_of(t, epoch, false, temperature);
    return save_as(t, "last.safetensors", &training);
}

/* Between two epochs or within one, where the mean of the weights is not in their place. */
static bool save_interrupted(struct train_command *t)
{
    weight_average_swap(t->session.average);
    const bool ok = save_last(t, t->trainer.progress.epoch, 1);
    weight_average_swap(t->session.average);
    return ok;
}

static bool save_best(struct train_command *t, int64_t epoch, double temperature)
{
    const struct ftmrt_training training = training_of(t, epoch, true, temperature);
    return save_as(t, "best.safetensors", &training);
}

/* ---- checkpoints ---- */

/* Unless told otherwise, one is written every so many seconds, and never takes more than this share of the time. */
#define CHECKPOINT_SECONDS 300.0
#define CHECKPOINT_SHARE   0.01

static void plan_checkpoints(struct train_command *t)
{
    const struct options *o = t->options;
    struct checkpoint_plan *c = &t->checkpoints;
    c->every = o->checkpoint_every;
    c->seconds = o->checkpoint_minutes_given ? 60 * o->checkpoint_minutes
                 : c->every                  ? 0
                                             : CHECKPOINT_SECONDS;
    c->next = trainer_clock() + c->seconds;
}

static bool write_checkpoint(struct train_command *t)
{
    const double begin = trainer_clock();
    struct progress *p = &t->trainer.progress;
    char *path = run_folder_file(&t->run, "checkpoint.safetensors");
    bool ok = run_folder_lengths(&t->run, &p->log_bytes, &p->metrics_bytes) &&
              checkpoint_save(&t->session, p, &t->identity, path);
    free(path);
    const double end = trainer_clock(), pause = (end - begin) / CHECKPOINT_SHARE;
    t->checkpoints.next = end + (t->checkpoints.seconds > pause ? t->checkpoints.seconds : pause);
    return ok;
}

static bool checkpoint_due(const struct train_command *t)
{
    const struct checkpoint_plan *c = &t->checkpoints;
    return (c->every && t->trainer.progress.step % c->every == 0) ||
           (c->seconds > 0 && trainer_clock() >= c->next);
}

static void remove_checkpoint(const struct train_command *t)
{
    char *path = run_folder_file(&t->run, "checkpoint.safetensors");
    unlink(path);
    free(path);
}

/* ---- events ---- */

static bool on_stop(void *context)
{
    (void)context;
    return interruption_came();
}

/* A training that takes long says so once, when enough steps were timed. */
#define LONG_SECONDS 60.0

static void say_expected(const struct train_command *t)
{
    char text[16];
    const struct trainer *r = &t->trainer;
    const char *phase = trainer_phase(r)->name;
    const bool kept = r->loader.features && r->progress.epoch == 1 &&
                      r->schedule.total_steps > r->schedule.steps_per_epoch;
    const int64_t steps = kept ? r->schedule.steps_per_epoch : r->schedule.total_steps;
    const double seconds = expected_time_of_step(&t->timed) * (double)steps;
    if (seconds < LONG_SECONDS)
        return;
    progress_time_text(text, sizeof text, seconds);
    progress_line_clear(&t->line);
    if (kept)
        report_note(
            "the %lld steps of the first epoch take about %s, without validation; later ones "
            "take less, as what is frozen is computed once",
            (long long)steps, text);
    else
        report_note("all %lld steps%s%s take about %s, without validation", (long long)steps,
                    phase ? " of phase " : "", phase ? phase : "", text);
}

static bool on_step(void *context, const struct step_result *r)
{
    struct train_command *t = context;
    expected_time_step(&t->timed);
    if (t->timed.steps == TIMED_STEPS)
        say_expected(t);
    run_folder_step(&t->run, r);
    progress_line_show(&t->line, &t->trainer);
    return !checkpoint_due(t) || write_checkpoint(t);
}

static void say_advice(struct train_command *t, const struct epoch_result *e)
{
    char *advice = epoch_advice(&t->advice, &t->trainer, e);
    if (advice)
        report_note("epoch %lld: %s", (long long)e->epoch, advice);
    free(advice);
}

/* Keeps the weights of an epoch that is the best so far, and its answers. */
static bool keep_best(struct train_command *t, const struct epoch_result *e,
                      const struct metrics *validation, double temperature)
{
    if (!save_best(t, e->epoch, temperature))
        return false;
    t->kept_epoch = e->epoch;
    return !validation ||
           run_folder_validation(&t->run, &t->session, validation, &t->trainer.validation);
}

static bool on_epoch(void *context, const struct epoch_result *e, const struct metrics *validation)
{
    struct train_command *t = context;
    const double temperature =
        validation && !t->options->no_calibration ? calibration_fit(validation) : 1;
    if (e->best && !keep_best(t, e, validation, temperature))
        return false;
    run_folder_epoch(&t->run, e);
    progress_line_clear(&t->line);
    epoch_line_print(e, t->trainer.epochs, t->trainer.validation.count > 0);
    if (e->validated && !isfinite(e->validation_loss))
        report_note(
            "warning: the loss in validation is not finite: epoch %lld cannot be the best; "
            "its weights are finite, so they are too large (the learning rate), or a running "
            "variance or the validation data is at fault",
            (long long)e->epoch);
    say_advice(t, e);
    return save_last(t, e->epoch, temperature);
}

/* ---- phases ---- */

/* The next phase begins with the best weights so far, which are in place if they are the last and no mean. */
static bool take_best(struct train_command *t, const struct phase_result *r)
{
    const int64_t best = t->trainer.progress.best_epoch;
    if (!best || (best == r->epoch && !t->session.average))
        return true;
    char *path = run_folder_file(&t->run, "best.safetensors");
    const bool ok = session_load(&t->session, path);
    if (ok)
        printf("phase %s begins with the weights of epoch %lld, the best so far\n", r->next->name,
               (long long)best);
    free(path);
    return ok;
}

/* A checkpoint between two phases: the best weights may be of the next one from here on. */
static bool on_phase(void *context, const struct phase_result *r)
{
    struct train_command *t = context;
    phase_words_done(&t->trainer, r);
    t->advice.moved = r->epoch;
    return !r->next || (take_best(t, r) && write_checkpoint(t));
}

/* ---- the end ---- */

/* Leaves the best weights where --out says. */
static bool copy_out(struct train_command *t)
{
    if (!t->trainer.progress.best_epoch)
        return report_error("no epoch has a finite loss in validation, so none is the best");
    if (!t->options->out)
        return true;
    char *best = run_folder_file(&t->run, "best.safetensors");
    bool ok = session_load(&t->session, best);
    const struct ftmrt_training training =
        training_of(t, t->trainer.progress.best_epoch, true, t->session.temperature);
    ok = ok && session_save(&t->session, t->options->out, &training);
    free(best);
    return ok;
}

/* What is left of a run that failed: an epoch is kept only if its weights and its loss in validation are finite. */
static void say_left(const struct train_command *t)
{
    if (t->kept_epoch)
        report_note("the weights of epoch %lld are good: %s/best.safetensors",
                    (long long)t->kept_epoch, t->run.path);
    else
        report_note("nothing was saved; the run's log is in %s", t->run.path);
}

static bool end_not_finite(const struct train_command *t)
{
    char *why = training_failure(&t->trainer);
    report_error("%s", why);
    free(why);
    return false;
}

static void say_interrupted(const struct train_command *t)
{
    char *folder = report_word(t->run.path), *last = run_folder_file(&t->run, "last.safetensors"),
         *weights = report_word(last);
    report_note("interrupted; `%s train --resume %s` goes on; the weights so far are in "
                "last.safetensors there: eval and predict take them with --weights %s",
                report_command(), folder, weights);
    free(folder);
    free(last);
    free(weights);
}

/* A run whose first step failed leaves nothing behind. */
static bool is_stillborn(const struct train_command *t, enum trainer_outcome outcome)
{
    return outcome == TRAINER_FAILED && t->trainer.progress.step == 0 && !t->resumed;
}

/* The page of the run, for people; one that cannot be written is no failure. */
static bool write_page(const struct train_command *t)
{
    return run_page_write(t->run.path, PART_OF_VALIDATION, &t->trainer.validation);
}

/* Where the best weights are, and what their probabilities are made true by. */
static void say_best(const struct train_command *t)
{
    char *best = run_folder_file(&t->run, "best.safetensors");
    struct state_file f;
    double temperature = 1;
    phase_words_gain(&t->trainer);
    printf("best weights in %s\n", best);
    if (state_file_open(&f, best)) {
        trained_fact(&f.st, best, FACT_TEMPERATURE, 1, MOST_TEMPERATURE, &temperature);
        state_file_close(&f);
    }
    if (temperature != 1)
        printf("temperature %.4f: predict divides the logits by it, as fitted in validation (not "
               "with --no-calibration)\n",
               temperature);
    free(best);
}

/* What an outcome means for files and for the user; false if the command failed. */
static bool end(struct train_command *t, enum trainer_outcome outcome)
{
    static const char *const words[] = {[TRAINER_DONE] = "finished",
                                        [TRAINER_INTERRUPTED] = "interrupted",
                                        [TRAINER_NOT_FINITE] = "failed",
                                        [TRAINER_FAILED] = "failed"};
    bool ok = outcome == TRAINER_INTERRUPTED  ? save_interrupted(t) && write_checkpoint(t)
              : outcome == TRAINER_NOT_FINITE ? end_not_finite(t)
                                              : outcome == TRAINER_DONE && copy_out(t);
    if (is_stillborn(t, outcome)) {
        run_folder_discard(&t->run);
        report_note("nothing was trained, and no run is kept");
        return false;
    }
    const char *word = ok ? words[outcome] : "failed";
    ok = run_folder_finish(&t->run, &t->session, &t->trainer.progress, word) && ok;
    ok = (!t->kept_epoch || model_card_write(t->run.path, &t->session)) && ok;
    const bool paged = write_page(t);
    if (!ok)
        say_left(t);
    if (ok && outcome == TRAINER_INTERRUPTED)
        say_interrupted(t);
    if (ok && outcome == TRAINER_DONE)
        remove_checkpoint(t);
    if (ok && outcome == TRAINER_DONE && trainer_stops(&t->trainer))
        printf("stopped behind epoch %lld: %lld epochs without a gain\n",
               (long long)t->trainer.progress.epoch - 1, (long long)t->session.config.patience);
    if (ok && outcome == TRAINER_DONE)
        say_best(t);
    if (ok && paged && outcome == TRAINER_DONE)
        printf("report in %s/report.html\n", t->run.path);
    current_settle(t->session.program, t->run.path);
    return ok;
}

/* ---- going on ---- */

/* Takes the options from the run's record and goes to the folder where they were given, from which their paths start. */
static bool take_options(struct train_command *t)
{
    const struct run *run = runs_find(&t->runs, t->options->resume);
    if (!run)
        return false;
    const struct run_record *r = &run->record;
    t->resumed = realpath(run->path, NULL);
    if (!t->resumed)
        return report_error("%s: %s", run->path, strerror(errno));
    if (!strcmp(r->outcome, "finished"))
        return report_error("%s: is finished; `%s train --from %ld` starts a new schedule from its "
                            "weights",
                            t->resumed, report_command(), run->number);
    t->options = &t->past;
    return train_options_past(r, "run", &t->past, &t->past_files);
}

/* Takes the run up where its checkpoint is, or at its begin if it was killed before the first. */
static bool go_on(struct train_command *t)
{
    struct progress *p = &t->trainer.progress;
    if (!run_folder_enter(&t->run, t->resumed))
        return false;
    char *path = run_folder_file(&t->run, "checkpoint.safetensors");
    bool ok = access(path, F_OK) != 0 || checkpoint_load(&t->session, p, &t->identity, path);
    free(path);
    t->kept_epoch = p->best_epoch;
    ok = ok && run_folder_go_on(&t->run, &t->session, p->log_bytes, p->metrics_bytes);
    if (ok && p->step)
        printf("going on behind step %lld\n", (long long)p->step);
    else if (ok)
        printf("the run has no checkpoint yet; it begins again\n");
    return ok;
}

/* ---- the command ---- */

static bool new_run(struct train_command *t, const struct training_data_hashes *hashes)
{
    return run_folder_open(&t->run, &t->session, t->runs.folder,
                           run_facts(&t->session, t->options, hashes));
}

static bool open_run(struct train_command *t, const struct training_data_hashes *hashes)
{
    return (t->resumed ? go_on(t) : new_run(t, hashes)) &&
           (!t->data.split.validation_count ||
            run_folder_split(&t->run, &t->data.train, &t->data.split));
}

static bool start_run(struct train_command *t)
{
    struct training_data_hashes hashes;
    if (!training_data_hash(&t->data, t->session.threads, &hashes))
        return false;
    t->data_hash = hashes.data;
    t->identity = run_identity(t->session.program, hashes.data);
    if (open_run(t, &hashes) && run_folder_plan(&t->run, &t->trainer)) {
        plan_checkpoints(t);
        return true;
    }
    if (!t->resumed)
        run_folder_discard(&t->run);
    return false;
}

static void print_start(const struct train_command *t)
{
    const struct trainer *r = &t->trainer;
    printf("training samples %lld, validation samples %lld, epochs %lld, steps %lld, batch %lld\n",
           (long long)r->train.count, (long long)r->validation.count, (long long)r->epochs,
           (long long)r->progress.total_steps, (long long)t->session.config.batch);
    if (t->data.unlabelled.count)
        printf("of the training samples %lld are unlabelled: %s\n",
               (long long)t->data.unlabelled.count, t->data.unlabelled.name);
    for (uint32_t i = 0; r->phases[0].name && i < r->phase_count; i++)
        printf("phase %s: epochs %lld, steps %lld, learning rate %g\n", r->phases[i].name,
               (long long)r->phases[i].epochs, (long long)r->phases[i].steps, r->phases[i].lr);
    printf("run folder %s\n", t->run.path);
    fflush(stdout);
}

static bool run(struct train_command *t)
{
    const struct trainer_events events = {t, on_stop, on_step, on_epoch, on_phase};
    print_start(t);
    t->line = progress_line_start(&t->trainer);
    const enum trainer_outcome outcome = trainer_run(&t->trainer, &events);
    progress_line_clear(&t->line);
    return end(t, outcome);
}

static void command_close(struct train_command *t)
{
    run_folder_close(&t->run);
    trainer_close(&t->trainer);
    training_data_close(&t->data);
    session_close(&t->session);
    runs_free(&t->runs);
    for (int i = 0; t->fitted && i < t->past.argc; i++)
        free(t->fitted[i]);
    free(t->fitted);
    free(t->past_files);
    free(t->resumed);
}

static bool has_train_entry(const struct ftmrt_program *p)
{
    return ftmrt_find_entry(p, "train") ||
           report_error("this program was compiled for inference only");
}

/* The weights that the first step finds: what another program, or PyTorch, has to begin with to do the same. */
static bool write_initial(const struct train_command *t)
{
    const struct ftmrt_training training = {.seed = t->session.config.seed};
    return !t->options->init_out || t->resumed ||
           session_save(&t->session, t->options->init_out, &training);
}

/* --minutes: plans anew, for as many steps as there is time for. */
static bool fit_minutes(struct train_command *t)
{
    const double minutes = t->options->minutes;
    int64_t steps;
    if (t->trainer.phase_count > 1)
        return report_error("--minutes: the steps of the %u phases take times of their own; give "
                            "--epochs or --steps",
                            (unsigned)t->trainer.phase_count);
    if (!expected_time_fit(&t->trainer, 60 * minutes, &steps))
        return false;
    const int64_t epoch = t->trainer.schedule.steps_per_epoch;
    train_options_fit(&t->past, t->options, (steps + epoch - 1) / epoch, steps);
    t->fitted = t->past.argv;
    t->options = &t->past;
    trainer_close(&t->trainer);
    printf("%g minutes: time for about %lld steps\n", minutes, (long long)steps);
    return plan(t);
}

/* A single epoch has no use for what is kept. */
static void open_cache(struct train_command *t, int64_t epochs)
{
    cache_choice_take(&t->session.config.cache, t->own);
    if (epochs > 1)
        session_keep(&t->session,
                     t->own->dry_run ? NULL : app_format("%s/" CACHE_FOLDER, t->runs.folder));
}

static int train(struct train_command *t, const struct ftmrt_program *p)
{
    const struct options *o = t->options;
    const uint64_t seed = (uint64_t)o->seed;
    if (!session_open(&t->session, p, t->threads, o->seed_given ? &seed : NULL))
        return EXIT_ERROR;
    t->session.workers = t->workers;
    bool ok = train_options_take(&t->session.config, p, o) &&
              (!o->out || file_can_be_written(o->out)) &&
              (!o->init_out || t->resumed || file_can_be_written(o->init_out)) &&
              training_data_open(&t->data, &t->session.config, o->data) &&
              (!o->from || run_choice_take_from(&t->session, o->from, o->runs)) && plan(t) &&
              train_warnings(&t->trainer);
    if (ok)
        data_warnings(&t->data, &t->session.config, o->data);
    if (ok)
        class_weights_count(&t->session, &t->data);
    if (ok && !t->resumed)
        target_scale_set(&t->session, &t->data);
    thresholds_take(&t->session.config, NULL); /* this training's are its own */
    if (ok)
        open_cache(t, o->minutes_given ? 2 : t->trainer.epochs);
    session_average(&t->session);
    ok = ok && (!o->minutes_given || fit_minutes(t));
    if (ok && o->dry_run)
        return expected_time_dry_run(&t->trainer) ? EXIT_OK : EXIT_ERROR;
    if (ok) {
        config_say_pictures(&t->session.config);
        interruption_watch(run_folder_abandon);
        ok = write_initial(t) && start_run(t) && run(t);
    }
    return interruption_came() ? EXIT_INTERRUPTED : ok ? EXIT_OK : EXIT_ERROR;
}

int command_train(const struct ftmrt_program *p, const struct options *o)
{
    struct train_command t = {
        .options = o, .own = o, .threads = app_threads(o), .workers = app_workers(o)};
    const char *other = o->resume ? options_other(o, train_options_with_resume) : NULL;
    if (o->resume && o->from) {
        report_error("--resume goes on with a schedule, --from starts a new one; give one of them");
        return EXIT_WRONG_USAGE;
    }
    if (other) {
        report_error("--resume takes its options from the run; %s cannot be given", other);
        return EXIT_WRONG_USAGE;
    }
    if (o->minutes_given && (o->steps_given || o->epochs_given)) {
        report_error("--minutes says how long, and --%s how much; give one of them",
                     o->steps_given ? "steps" : "epochs");
        return EXIT_WRONG_USAGE;
    }
    if (o->folds_given &&
        (o->steps_given || o->minutes_given || o->fold || o->resume || o->dry_run)) {
        report_error("--folds trains to the end, several times; it cannot be given with --steps, "
                     "--minutes, --fold, --resume or --dry-run");
        return EXIT_WRONG_USAGE;
    }
    if (o->folds_given)
        return train_folds(p, o);
    int code = EXIT_ERROR;
    runs_read(&t.runs, p, o->runs);
    if (has_train_entry(p) && (!o->resume || take_options(&t)))
        code = train(&t, p);
    command_close(&t);
    return code;
}
