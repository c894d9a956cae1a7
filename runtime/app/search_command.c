/* The command `search`: a training for each of many values of what the recipe's block `search` goes over, one behind the other in one
 * session, so that what is kept of pictures and of a frozen prefix is made once. Trials are chosen by validation alone; the test data is
 * looked at once, with the weights of the best.
 *
 * A trial is what `train` with its values is, to the bit. What was done is a line of search.jsonl, so a search that ends anywhere goes on
 * with the first trial that has none. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calibration.h"
#include "class_weights.h"
#include "command.h"
#include "data_warnings.h"
#include "eval_data.h"
#include "evaluate.h"
#include "interruption.h"
#include "progress_line.h"
#include "report.h"
#include "run_facts.h"
#include "runs.h"
#include "search_folder.h"
#include "search_page.h"
#include "search_rounds.h"
#include "search_table.h"
#include "target_scale.h"
#include "train_options.h"
#include "train_warnings.h"
#include "trainer.h"
#include "training_data.h"
#include "training_failure.h"
#include "trial_checkpoint.h"
#include "trial_recipe.h"
#include "weight_snapshot.h"

struct search {
    const struct options *options; /* of the command line, or of the search that goes on */
    int threads, workers;          /* of this command line, also where a search goes on */
    const struct options *own;     /* of this command line, as well */
    char *resumed;                 /* the folder of the search that goes on, or NULL */
    struct run_record record;      /* its record, and its options, whose files are past_files */
    struct options past;
    const char **past_files;
    const struct ftmrt_recipe *recipe; /* the program's own */
    struct ftmrt_program program;      /* it, with the recipe of the running trial */
    struct trial_recipe values;
    struct search_space space;
    struct search_rounds rounds;
    struct search_table table;
    struct session session;
    struct training_data data;
    uint64_t split_seed, data_hash;
    struct search_folder folder;
    struct trial *results;        /* [done]: of a trial one for each round that it was in */
    int64_t done, begun;          /* begun: that were done before this process */
    int64_t trainings;            /* of this process */
    struct trainer trainer;       /* of the running trial, */
    struct weight_snapshot best;  /* its best weights, */
    struct weight_snapshot first; /* those of the trial's first training, */
    struct trial_checkpoint checkpoint;
    struct progress_line line; /* and how far it is */
};

/* ---- a trial ---- */

static bool on_stop(void *context)
{
    (void)context;
    return interruption_came();
}

static bool write_checkpoint(struct search *s)
{
    return trial_checkpoint_save(&s->checkpoint, &s->session, &s->trainer.progress, &s->best);
}

static bool on_step(void *context, const struct step_result *r)
{
    struct search *s = context;
    (void)r;
    progress_line_show(&s->line, &s->trainer);
    return !trial_checkpoint_due(&s->checkpoint) || write_checkpoint(s);
}

static bool on_epoch(void *context, const struct epoch_result *e, const struct metrics *validation)
{
    struct search *s = context;
    if (!e->best)
        return true;
    weight_snapshot_take(&s->best, &s->session);
    s->best.temperature = validation ? calibration_fit(validation) : 1;
    return true;
}

/* As in `train`, the next phase begins with the best weights so far. */
static bool on_phase(void *context, const struct phase_result *r)
{
    struct search *s = context;
    const int64_t best = s->trainer.progress.best_epoch;
    if (r->next && best && (best != r->epoch || s->session.average))
        weight_snapshot_give(&s->best, &s->session);
    return true;
}

/* What follows from the samples that train: said for the first trial alone. */
static void take_from_data(struct search *s)
{
    struct report_held held = {0};
    if (s->done > s->begun)
        report_hold(&held);
    if (s->session.config.seed != s->split_seed)
        class_weights_count(&s->session, &s->data);
    s->split_seed = s->session.config.seed;
    target_scale_set(&s->session, &s->data);
    report_hold(NULL);
    free(held.lines);
}

/* Brings the session to the begin of the trial's training with this number, from 0. */
static bool set_up(struct search *s, struct trial *t, int64_t number)
{
    struct config *c = &s->session.config;
    double lr = 0;
    trial_recipe_close(&s->values);
    trial_recipe_open(&s->values, s->recipe);
    for (uint32_t i = 0; i < s->space.count; i++)
        trial_recipe_set(&s->values, &s->space.axes[i].place, t->values[i]);
    s->program.recipe = &s->values.recipe;
    config_take_settings(c, &s->values.recipe);
    c->seed += (uint64_t)number;
    if ((c->seed != s->split_seed && !training_data_split(&s->data, c)) ||
        !session_restart(&s->session))
        return false;
    take_from_data(s);
    network_scalar(c->optimizer, "lr", &lr);
    t->epochs = search_round_epochs(&s->rounds, t->round, c->epochs);
    return trainer_open(&s->trainer, &s->session, training_data_all(&s->data),
                        training_data_validation(&s->data), t->epochs, -1, lr) ||
           report_error("%lld epochs are too few for the phases of the recipe",
                        (long long)t->epochs);
}

/* Why a training that has ended by itself has no figures; allocated, or NULL. */
static char *failure(const struct search *s, enum trainer_outcome outcome)
{
    char *why = outcome == TRAINER_NOT_FINITE ? training_failure(&s->trainer)
                : s->trainer.progress.best_epoch
                    ? NULL
                    : app_strdup("no epoch has a finite loss in validation");
    if (!why || s->space.repeat == 1)
        return why;
    char *whole = app_format("seed %llu: %s", (unsigned long long)s->session.config.seed, why);
    free(why);
    return whole;
}

/* Takes the figures of a training that has ended by itself. The weights of the first are those that are kept: with the recipe's own
 * seed, and chosen by nothing. */
static void take_figures(struct search *s, struct trial *t, enum trainer_outcome outcome)
{
    const struct progress *p = &s->trainer.progress;
    const struct trial_run run = {.seed = s->session.config.seed,
                                  .epoch = p->best_epoch,
                                  .score = p->best,
                                  .loss = p->best_loss,
                                  .accuracy = p->best_accuracy,
                                  .seconds = p->seconds};
    t->failure = failure(s, outcome);
    trial_add(t, &run);
    if (t->run_count == 1 && !t->failure)
        weight_snapshot_copy(&s->first, &s->best);
}

/* Takes the training up where it was, if a process ended within it. */
static bool go_on_within(struct search *s, const struct trial *t)
{
    bool found;
    if (!trial_checkpoint_take(&s->checkpoint, &s->session, &s->trainer.progress, &s->best, &found))
        return false;
    if (found)
        report_note("trial %lld goes on behind step %lld", (long long)t->number,
                    (long long)s->trainer.progress.step);
    return true;
}

static enum trainer_outcome train(struct search *s, struct trial *t, int64_t number)
{
    const struct trainer_events events = {s, on_stop, on_step, on_epoch, on_phase};
    const struct run_identity identity = run_identity(&s->program, s->data_hash);
    enum trainer_outcome outcome = TRAINER_FAILED;
    trial_checkpoint_open(&s->checkpoint, s->folder.path, &identity, t->round, t->number, number);
    if (set_up(s, t, number) && (s->done || number || train_warnings(&s->trainer)) &&
        go_on_within(s, t)) {
        s->line = progress_line_start(&s->trainer);
        outcome = trainer_run(&s->trainer, &events);
        progress_line_clear(&s->line);
    }
    if (outcome == TRAINER_DONE || outcome == TRAINER_NOT_FINITE) {
        take_figures(s, t, outcome);
        trial_checkpoint_remove(&s->checkpoint);
    }
    if (outcome == TRAINER_INTERRUPTED && !write_checkpoint(s))
        outcome = TRAINER_FAILED;
    trial_checkpoint_close(&s->checkpoint);
    trainer_close(&s->trainer);
    s->trainings++;
    return outcome == TRAINER_NOT_FINITE ? TRAINER_DONE : outcome;
}

/* Of those of its round. */
static bool is_best(const struct search *s, const struct trial *t)
{
    bool best = !t->failure;
    for (int64_t i = 0; i < s->done; i++)
        best = best && (s->results[i].round != t->round || trial_compare(t, &s->results[i]) < 0);
    return best;
}

static bool save_best(struct search *s, const struct trial *t)
{
    const struct ftmrt_training training = {.seed = t->runs[0].seed,
                                            .epoch = t->epoch,
                                            .data = s->data_hash,
                                            .chosen = true,
                                            .temperature = s->first.temperature};
    char *path = search_folder_file(&s->folder, "best.safetensors");
    s->session.config.seed = t->runs[0].seed;
    weight_snapshot_give(&s->first, &s->session);
    const bool ok = session_save(&s->session, path, &training);
    free(path);
    return ok;
}

/* The weights come before the line: a search that is killed between the two does the trial again, with the same weights. */
static bool keep(struct search *s, struct trial *t)
{
    json_t *line = trial_json(t, &s->space);
    const bool best = is_best(s, t);
    const bool ok = (!best || save_best(s, t)) && search_folder_add(&s->folder, line);
    json_decref(line);
    s->results = app_grow(s->results, (size_t)s->done + 1, sizeof *s->results);
    s->results[s->done++] = *t;
    search_table_row(&s->table, t);
    printf("  %.1f s%s\n", t->seconds,
           !best             ? ""
           : s->table.rounds ? "  the best of the round so far"
                             : "  the best so far");
    fflush(stdout);
    return ok;
}

static enum trainer_outcome run_trial(struct search *s, int64_t round, int64_t number)
{
    struct trial t = {
        .number = number, .round = round, .values = app_alloc(s->space.count, sizeof *t.values)};
    enum trainer_outcome outcome = TRAINER_DONE;
    search_space_values(&s->space, number - 1, t.values);
    for (int64_t i = 0; i < s->space.repeat && outcome == TRAINER_DONE && !t.failure; i++)
        outcome = train(s, &t, i);
    if (outcome != TRAINER_DONE) {
        trial_free(&t);
        return outcome;
    }
    trial_settle(&t);
    return keep(s, &t) ? TRAINER_DONE : TRAINER_FAILED;
}

/* ---- the end ---- */

/* The option of `train` for a path, or NULL. */
static const char *option_of(const char *path)
{
    static const char *const all[][2] = {{"optimizer.lr", "--lr"},
                                         {"optimizer.momentum", "--momentum"},
                                         {"optimizer.weight_decay", "--weight-decay"},
                                         {"batch", "--batch"},
                                         {"epochs", "--epochs"},
                                         {"seed", "--seed"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i][0], path))
            return all[i][1];
    return NULL;
}

static void print_values(const struct search *s, const struct trial *t, bool options)
{
    for (uint32_t i = 0; i < s->space.count; i++) {
        const char *path = s->space.axes[i].path;
        char *value = search_value_text(t->values[i]);
        if (options)
            printf(" %s %s", option_of(path), value);
        else
            printf(" -D %s=%s", path, value);
        free(value);
    }
    printf("\n");
}

/* Where the epochs are not those of the values: none of the last round has come to an end. */
static bool is_cut(const struct search *s, const struct trial *t)
{
    return t->round < s->rounds.count;
}

/* How somebody trains like the best trial: with options, where there is one for each value, and with a recipe of these values. */
static void print_way(const struct search *s, const struct trial *t)
{
    bool options = !is_cut(s, t);
    for (uint32_t i = 0; i < s->space.count; i++)
        options = options && option_of(s->space.axes[i].path);
    printf("\nthe best is trial %lld; its weights are in %s/best.safetensors\n",
           (long long)t->number, s->folder.path);
    if (is_cut(s, t))
        printf("they are of %lld epochs, as no trial of a later round has figures\n",
               (long long)t->epochs);
    if (options) {
        char *data = s->options->data ? report_word(s->options->data) : NULL;
        printf("the same training:  %s train%s%s", report_command(), data ? " --data " : "",
               data ? data : "");
        print_values(s, t, true);
        free(data);
    }
    printf("with such a recipe: ftmc RECIPE.ftm");
    print_values(s, t, false);
}

/* With the weights of the best, as `eval` would. */
static bool measure_test(struct search *s)
{
    struct session *session = &s->session;
    struct eval_data d = {0};
    struct metrics m;
    char *path = search_folder_file(&s->folder, "best.safetensors");
    bool ok = session_restart(session) && session_load(session, path) &&
              eval_data_open(&d, &session->config, "test", s->options->data) &&
              evaluate(session, &d.samples, &m, NULL);
    free(path);
    if (ok) {
        printf("test data, which nothing was chosen by:  loss %.4f", metrics_loss(&m));
        if (task_has_accuracy(m.task))
            printf("  accuracy %.2f %%", 100 * metrics_accuracy(&m));
        printf("  (%lld samples)\n", (long long)m.count);
        json_object_set_new(s->folder.record, "test", metrics_json(&m, &session->config));
        metrics_free(&m);
    }
    eval_data_close(&d);
    return ok;
}

/* How much work the trials have shared. */
static void print_prefix(const struct search *s)
{
    if (s->session.prefix_samples)
        printf("\nthe frozen layers have computed %lld samples, for %lld trainings\n",
               (long long)s->session.prefix_samples, (long long)s->trainings);
}

/* best: of the ranks. */
static bool end_with(struct search *s, const struct trial *best)
{
    if (best->failure) {
        report_error("every trial failed");
        search_folder_end(&s->folder, "failed");
        return false;
    }
    print_prefix(s);
    print_way(s, best);
    json_object_set_new(s->folder.record, "best", trial_json(best, &s->space));
    const bool ok = !s->session.config.test || measure_test(s);
    return search_folder_end(&s->folder, ok ? "finished" : "failed") && ok;
}

static bool finish(struct search *s)
{
    struct trial *last;
    const int64_t count = search_rounds_last(s->results, s->done, &last);
    search_table_ranks(&s->table, last, count);
    const bool ok = end_with(s, &last[0]);
    search_page_write(s->folder.path, &s->table, last, count, s->folder.record);
    free(last);
    return ok;
}

static void say_interrupted(const struct search *s, int64_t number)
{
    char *folder = report_word(s->folder.path);
    report_note("interrupted in trial %lld; `%s search --resume %s` goes on with it",
                (long long)number, report_command(), folder);
    free(folder);
}

static void print_start(const struct search *s)
{
    const struct search_rounds *r = &s->rounds;
    printf("trials %lld", (long long)s->space.trials);
    for (int64_t i = 2; i <= r->count; i++)
        printf(", the best %lld of them in round %lld", (long long)search_round_size(r, i),
               (long long)i);
    if (s->space.repeat > 1)
        printf(", each with %lld seeds", (long long)s->space.repeat);
    printf("\ntraining samples %lld, validation samples %lld\nsearch folder %s\n",
           (long long)training_data_train(&s->data).count,
           (long long)training_data_validation(&s->data).count, s->folder.path);
    if (s->resumed)
        printf("going on behind %lld that are done\n", (long long)s->done);
    search_table_head(&s->table);
}

static bool run(struct search *s)
{
    enum trainer_outcome outcome = TRAINER_DONE;
    int64_t round, number = 0;
    s->begun = s->done;
    print_start(s);
    while (outcome == TRAINER_DONE &&
           search_rounds_next(&s->rounds, s->results, s->done, &round, &number))
        outcome = interruption_came() ? TRAINER_INTERRUPTED : run_trial(s, round, number);
    if (outcome == TRAINER_DONE)
        return finish(s);
    if (outcome == TRAINER_INTERRUPTED)
        say_interrupted(s, number);
    search_folder_end(&s->folder, outcome == TRAINER_INTERRUPTED ? "interrupted" : "failed");
    return false;
}

/* ---- the begin ---- */

static bool read_results(struct search *s, const json_t *lines)
{
    const size_t count = json_array_size(lines);
    s->results = app_grow(s->results, count + 1, sizeof *s->results);
    for (size_t i = 0; i < count; i++) {
        int64_t round, number;
        struct trial *t = &s->results[i];
        *t = (struct trial){0};
        const bool ok = search_rounds_next(&s->rounds, s->results, s->done, &round, &number) &&
                        trial_read(t, json_array_get(lines, i), &s->space, round, number);
        s->done++;
        if (!ok)
            return report_error("%s/search.jsonl: line %zu is none of this search", s->folder.path,
                                i + 1);
    }
    return true;
}

/* The fewest epochs that a trial has. */
static int64_t least_epochs(const struct search *s)
{
    int64_t least = s->session.config.epochs;
    for (uint32_t i = 0; i < s->space.count; i++)
        for (uint32_t k = 0; !strcmp(s->space.axes[i].path, "epochs") && k < s->space.axes[i].count;
             k++)
            least = !k || (int64_t)s->space.axes[i].values[k] < least
                        ? (int64_t)s->space.axes[i].values[k]
                        : least;
    return least / phases_count(s->recipe);
}

static bool begin_folder(struct search *s)
{
    struct training_data_hashes hashes;
    if (!training_data_hash(&s->data, s->threads, &hashes))
        return false;
    s->data_hash = hashes.data;
    json_t *facts = run_facts(&s->session, s->options, &hashes), *lines = NULL;
    bool ok;
    if (s->resumed) {
        ok = search_folder_enter(&s->folder, s->resumed, facts, &lines) && read_results(s, lines);
        json_decref(facts);
    } else {
        char *runs = runs_folder(s->options->runs);
        ok = search_folder_open(&s->folder, &s->program, runs, facts);
        free(runs);
    }
    json_decref(lines);
    return ok;
}

static bool open_data(struct search *s)
{
    struct session *session = &s->session;
    if (!training_data_open(&s->data, &session->config, s->options->data))
        return false;
    if (!training_data_validation(&s->data).count)
        return report_error("no sample validates, by which trials could be compared");
    s->split_seed = session->config.seed;
    data_warnings(&s->data, &session->config, s->options->data);
    class_weights_count(session, &s->data);
    cache_choice_take(&session->config.cache, s->own);
    char *runs = runs_folder(s->own->runs);
    session_keep(session, app_format("%s/" CACHE_FOLDER, runs));
    free(runs);
    config_say_pictures(&session->config);
    return true;
}

static int search(struct search *s)
{
    const struct options *o = s->options;
    const uint64_t seed = (uint64_t)o->seed;
    if (!session_open(&s->session, &s->program, s->threads, NULL))
        return EXIT_ERROR;
    s->session.workers = s->workers;
    search_space_open(&s->space, s->recipe, o->trials, o->seed_given ? &seed : NULL);
    s->rounds = search_rounds_of(s->space.trials, s->space.halving, least_epochs(s));
    s->table = search_table_of(&s->space, &s->session.config, s->rounds.count > 1);
    bool ok = open_data(s);
    if (ok) {
        interruption_watch(NULL);
        ok = begin_folder(s) && run(s);
    }
    return interruption_came() ? EXIT_INTERRUPTED : ok ? EXIT_OK : EXIT_ERROR;
}

/* Takes the options from the record of the search that goes on, and goes to the folder where they were given. */
static bool take_options(struct search *s)
{
    char *runs = runs_folder(s->options->runs),
         *path = search_folder_find(runs, s->options->resume, &s->record);
    free(runs);
    s->resumed = path ? realpath(path, NULL) : NULL;
    free(path);
    const struct run_record *r = &s->record;
    if (!s->resumed)
        return false;
    if (!strcmp(r->outcome, "finished"))
        return report_error("%s: is finished", s->resumed);
    s->options = &s->past;
    return train_options_past(r, "search", &s->past, &s->past_files);
}

static void command_close(struct search *s)
{
    for (int64_t i = 0; i < s->done; i++)
        trial_free(&s->results[i]);
    free(s->results);
    search_folder_close(&s->folder);
    weight_snapshot_close(&s->best);
    weight_snapshot_close(&s->first);
    training_data_close(&s->data);
    session_close(&s->session);
    search_space_close(&s->space);
    trial_recipe_close(&s->values);
    run_record_free(&s->record);
    free(s->past_files);
    free(s->resumed);
}

int command_search(const struct ftmrt_program *p, const struct options *o)
{
    struct search s = {.options = o,
                       .threads = app_threads(o),
                       .workers = app_workers(o),
                       .own = o,
                       .recipe = p->recipe,
                       .program = *p};
    const char *other = o->resume ? options_other(o, train_options_with_resume) : NULL;
    int code = EXIT_ERROR;
    if (other) {
        report_error("--resume takes its options from the search; %s cannot be given", other);
        return EXIT_WRONG_USAGE;
    }
    if (p->recipe && search_space_is_compiled(p->recipe))
        report_error("what the search goes over is compiled into a program, so `ftmc run FILE.ftm "
                     "search` goes over it");
    else if (!p->recipe || !search_space_given(p->recipe))
        report_error("the recipe has no search; write in it what is tried, as in `search { over "
                     "optimizer.lr = [0.001, 0.01, 0.1] }`");
    else if (!o->resume || take_options(&s))
        code = search(&s);
    command_close(&s);
    return code;
}
