/* The command `train`: epochs over shuffled batches, validation, the run folder, and a clean stop
 * on Ctrl-C. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "evaluate.h"
#include "report.h"
#include "run_folder.h"

enum { MAX_EPOCHS = 1000000 }; /* as in recipes */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* A training run. */
struct training {
    struct session session;
    struct dataset train, validation; /* validation may share train's samples through split */
    struct split split;
    struct run_folder run;
    const struct options *options;
    int64_t *order; /* samples of the epoch */
    int64_t epochs, steps_per_epoch, total_steps, step;
    double lr, best, best_loss;
    int64_t best_epoch;
    double epoch_loss; /* sum over samples */
    int64_t epoch_correct, epoch_seen;
    bool terminal;
    double started, last_line;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool has_validation(const struct training *t)
{
    return t->validation.count > 0 || t->split.validation_count > 0;
}

/* Learning rate of a step: linear warm-up, then constant or cosine to zero (Loshchilov and Hutter
 * 2017, eq. 5, one period, per step). */
static double rate_at(const struct training *t, int64_t step)
{
    const struct config *c = &t->session.config;
    double warmup = c->warmup_epochs * (double)t->steps_per_epoch, s = (double)step;
    if (s < warmup)
        return t->lr * (s + 1) / warmup;
    double rest = (double)t->total_steps - warmup;
    return c->cosine && rest > 0 ? t->lr * 0.5 * (1 + cos(M_PI * (s - warmup) / rest)) : t->lr;
}

static bool load_data(struct training *t)
{
    struct config *c = &t->session.config;
    const char *dir = t->options->data;
    if (!c->train.kind)
        return report_error(
            "the recipe names no training data; add `train = ...` to its data block");
    if (!dataset_load(&t->train, &c->train, c, dir))
        return false;
    if (c->validation.kind)
        return dataset_load(&t->validation, &c->validation, c, dir);
    split_stratified(&t->split, &t->train, c, c->validation_percent, t->session.config.seed);
    return t->split.train_count > 0 ||
           report_error("%s: no samples are left for training", t->train.name);
}

static int64_t train_count(const struct training *t)
{
    return t->split.train ? t->split.train_count : t->train.count;
}

/* Reads what the command line and the recipe say; false if there is nothing to do. */
static bool plan(struct training *t)
{
    const struct config *c = &t->session.config;
    const struct options *o = t->options;
    t->epochs = o->epochs_given ? o->epochs : c->epochs;
    t->epochs = t->epochs < MAX_EPOCHS ? t->epochs : MAX_EPOCHS;
    t->lr = o->lr_given ? o->lr : c->lr;
    t->steps_per_epoch = (train_count(t) + c->batch - 1) / c->batch;
    t->total_steps = t->epochs * t->steps_per_epoch;
    if (o->steps_given && o->steps < t->total_steps)
        t->total_steps = o->steps;
    t->order = app_alloc((size_t)train_count(t), sizeof(int64_t));
    t->best = -INFINITY;
    t->terminal = isatty(STDERR_FILENO);
    return t->total_steps > 0 || report_error("there is nothing to train: 0 steps");
}

/* --out is written at the end: a folder that is not there is found now. */
static bool check_out(const char *out)
{
    if (!out)
        return true;
    const char *slash = strrchr(out, '/');
    char *folder = slash ? app_format("%.*s", (int)(slash - out) + 1, out) : app_strdup(".");
    struct stat st;
    bool replaced = stat(out, &st) == 0, ok = true;
    if (replaced && !S_ISREG(st.st_mode))
        ok = report_error("%s: not a regular file", out);
    else if (access(folder, W_OK | X_OK) != 0)
        ok = report_error("%s: %s", out, strerror(errno));
    free(folder);
    return ok;
}

/* The epoch's order of samples: positions shuffled by (seed, epoch), mapped through the split. */
static void order_samples(struct training *t, int64_t epoch)
{
    int64_t count = train_count(t);
    for (int64_t i = 0; i < count; i++)
        t->order[i] = i;
    if (t->session.config.shuffle)
        shuffle_order(t->order, count, t->session.config.seed, (uint64_t)epoch);
    for (int64_t i = 0; t->split.train && i < count; i++)
        t->order[i] = t->split.train[t->order[i]];
}

static void progress(struct training *t, int64_t epoch, double loss)
{
    double time = now(), elapsed = time - t->started;
    if (time - t->last_line < (t->terminal ? 0.2 : 10))
        return;
    t->last_line = time;
    double rate = (double)(t->step * t->session.config.batch) / elapsed;
    double left = elapsed / (double)t->step * (double)(t->total_steps - t->step);
    left = left < 1e8 ? left : 1e8;
    fprintf(stderr, "%sepoch %lld/%lld  step %lld/%lld  loss %.4f  %.0f samples/s  %d:%02d left%s",
            t->terminal ? "\r" : "", (long long)epoch, (long long)t->epochs, (long long)t->step,
            (long long)t->total_steps, loss, rate, (int)left / 60, (int)left % 60,
            t->terminal ? "\033[K" : "\n");
}

static void count_correct(struct training *t, int64_t n)
{
    const struct session *s = &t->session;
    int64_t classes = s->config.classes;
    for (int64_t i = 0; i < n; i++)
        t->epoch_correct += predicted_class(s->logits + i * classes, classes) == s->labels[i];
}

/* One step on samples order[first ...]; false after a message. */
static bool train_step(struct training *t, int64_t epoch, int64_t first)
{
    struct session *s = &t->session;
    struct config *c = &s->config;
    int64_t n = train_count(t) - first < c->batch ? train_count(t) - first : c->batch;
    float loss = 0;
    struct step_scalars scalars = {(float)rate_at(t, t->step), (float)c->momentum,
                                   (float)c->weight_decay};
    if (!dataset_batch(&t->train, &c->transform_train, c, t->order, first, n, s->inputs,
                       s->labels) ||
        !session_train_step(s, n, &scalars, &loss))
        return false;
    t->step++;
    if (!isfinite(loss))
        return report_error("the loss is not finite at step %lld; lower the learning rate (it is "
                            "%g). %s %s",
                            (long long)t->step, (double)scalars.lr,
                            epoch > 1 ? "The weights of the epochs before are in"
                                      : "Nothing was saved; the run's log is in",
                            t->run.path);
    run_folder_step(&t->run, t->step, (double)scalars.lr, (double)loss);
    t->epoch_loss += (double)loss * (double)n;
    t->epoch_seen += n;
    count_correct(t, n);
    progress(t, epoch, (double)loss);
    return true;
}

static bool save_as(struct training *t, const char *name, int64_t epoch)
{
    char *path = run_folder_file(&t->run, name);
    bool ok = session_save(&t->session, path, t->session.config.seed, epoch);
    free(path);
    return ok;
}

/* Validates if there is something to validate on, keeps the best, writes the epoch's lines. */
static bool finish_epoch(struct training *t, int64_t epoch)
{
    struct epoch_result e = {epoch,
                             t->step,
                             rate_at(t, t->step - 1),
                             t->epoch_loss / (double)t->epoch_seen,
                             (double)t->epoch_correct / (double)t->epoch_seen,
                             NAN,
                             NAN,
                             0};
    struct metrics m = {0};
    bool validated = has_validation(t);
    if (validated) {
        bool own = t->validation.count > 0;
        if (!evaluate(&t->session, own ? &t->validation : &t->train,
                      own ? NULL : t->split.validation,
                      own ? t->validation.count : t->split.validation_count, &m, NULL))
            return false;
        e.validation_loss = metrics_loss(&m);
        e.validation_accuracy = metrics_accuracy(&m);
    }
    e.seconds = now() - t->started;
    double score = validated ? e.validation_accuracy : (double)epoch;
    bool ok = true;
    bool better = score > t->best || (score == t->best && e.validation_loss < t->best_loss);
    if (better) {
        t->best = score;
        t->best_loss = e.validation_loss;
        t->best_epoch = epoch;
        ok = save_as(t, "best.safetensors", epoch) &&
             (!validated || run_folder_predictions(&t->run, &t->session, &m));
    }
    run_folder_epoch(&t->run, &e);
    fprintf(stderr, "%s", t->terminal ? "\r\033[K" : "");
    printf("epoch %lld/%lld  train loss %.4f  accuracy %.2f %%", (long long)epoch,
           (long long)t->epochs, e.train_loss, 100 * e.train_accuracy);
    if (validated)
        printf("  validation loss %.4f  accuracy %.2f %%", e.validation_loss,
               100 * e.validation_accuracy);
    printf("  %.1f s\n", e.seconds);
    fflush(stdout);
    metrics_free(&m);
    return ok && save_as(t, "last.safetensors", epoch);
}

static bool train_epoch(struct training *t, int64_t epoch)
{
    order_samples(t, epoch);
    t->epoch_loss = 0;
    t->epoch_correct = t->epoch_seen = 0;
    for (int64_t first = 0; first < train_count(t) && t->step < t->total_steps && !interrupted;
         first += t->session.config.batch)
        if (!train_step(t, epoch, first))
            return false;
    if (interrupted) {
        fprintf(stderr, "%s", t->terminal ? "\r\033[K" : "");
        return save_as(t, "last.safetensors", epoch);
    }
    return finish_epoch(t, epoch);
}

/* Leaves the best weights where --out says. */
static bool copy_out(struct training *t)
{
    if (!t->options->out)
        return true;
    char *best = run_folder_file(&t->run, "best.safetensors");
    bool ok = session_load(&t->session, best) &&
              session_save(&t->session, t->options->out, t->session.config.seed, t->best_epoch);
    free(best);
    return ok;
}

static bool run_epochs(struct training *t)
{
    t->started = t->last_line = now();
    bool ok = !t->split.validation_count || run_folder_split(&t->run, &t->split);
    for (int64_t epoch = 1; ok && epoch <= t->epochs && t->step < t->total_steps && !interrupted;
         epoch++)
        ok = train_epoch(t, epoch);
    ok = ok && (interrupted || copy_out(t));
    const char *outcome = interrupted ? "interrupted" : ok ? "finished" : "failed";
    ok = run_folder_finish(&t->run, &t->session, t->session.config.seed, now() - t->started,
                           outcome) &&
         ok;
    if (interrupted && ok)
        report_note("interrupted; the weights so far are in %s/last.safetensors (eval and predict "
                    "take them with --weights)",
                    t->run.path);
    else if (!interrupted && ok)
        printf("best weights in %s/best.safetensors\n", t->run.path);
    return ok;
}

static void watch_interrupt(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void print_start(const struct training *t)
{
    printf("training samples %lld, validation samples %lld, epochs %lld, steps %lld, batch %lld\n",
           (long long)train_count(t),
           (long long)(t->split.train ? t->split.validation_count : t->validation.count),
           (long long)t->epochs, (long long)t->total_steps, (long long)t->session.config.batch);
    printf("run folder %s\n", t->run.path);
    fflush(stdout);
}

static bool start_run(struct training *t)
{
    char *runs = session_runs_folder(t->options->runs);
    bool ok = run_folder_open(&t->run, &t->session, runs, t->session.config.seed, t->options->argc,
                              t->options->argv);
    free(runs);
    return ok;
}

static bool has_train_entry(const struct ftmrt_program *p)
{
    return ftmrt_find_entry(p, "train") ||
           report_error("this program was compiled for inference only");
}

int command_train(const struct ftmrt_program *p, const struct options *o)
{
    struct training t = {.options = o};
    const uint64_t seed = (uint64_t)o->seed;
    if (!has_train_entry(p) || !session_open(&t.session, p, o->seed_given ? &seed : NULL))
        return EXIT_ERROR;
    bool ok = check_out(o->out) && load_data(&t) && plan(&t);
    if (ok) {
        watch_interrupt();
        ok = start_run(&t);
    }
    if (ok) {
        print_start(&t);
        ok = run_epochs(&t);
    }
    run_folder_close(&t.run);
    dataset_free(&t.train);
    dataset_free(&t.validation);
    split_free(&t.split);
    free(t.order);
    session_close(&t.session);
    return interrupted ? EXIT_INTERRUPTED : ok ? EXIT_OK : EXIT_ERROR;
}
