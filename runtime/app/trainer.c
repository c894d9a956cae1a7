/* The training loop. */
#include "trainer.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "best_epoch.h"
#include "evaluate.h"
#include "loader_queue.h"
#include "report.h"
#include "rounding.h"
#include "thresholds.h"
#include "weight_average.h"

double trainer_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const struct phase *trainer_phase(const struct trainer *t) { return &t->phases[t->progress.phase]; }

/* Where the running phase ends, in steps of the training. */
static int64_t phase_end(const struct trainer *t)
{
    return t->progress.phase_step + trainer_phase(t)->steps;
}

/* Goes by the phase that progress says. */
static void enter_phase(struct trainer *t)
{
    const struct phase *p = trainer_phase(t);
    t->schedule =
        (struct lr_schedule){p->schedule, p->lr, t->schedule.steps_per_epoch, p->steps, p->factor};
    session_enter_phase(t->session, (uint32_t)t->progress.phase, p->optimizer,
                        t->progress.phase_step);
}

bool trainer_open(struct trainer *t, struct session *session, struct subset train,
                  struct subset validation, int64_t epochs, int64_t max_steps, double lr)
{
    const struct config *c = &session->config;
    const struct ftmrt_recipe *recipe = session->program->recipe;
    const int64_t per_epoch = ceil_div(train.count, c->batch);
    *t = (struct trainer){.session = session,
                          .train = train,
                          .validation = validation,
                          .schedule = {.steps_per_epoch = per_epoch},
                          .phase_count = phases_count(recipe),
                          .progress = progress_start()};
    t->phases = app_alloc(t->phase_count, sizeof *t->phases);
    const bool enough = phases_plan(recipe, epochs, max_steps, per_epoch, lr, t->phases);
    t->phases[0].optimizer = c->optimizer; /* with what the command line says */
    for (uint32_t i = 0; i < t->phase_count; i++) {
        t->epochs += t->phases[i].epochs;
        t->progress.total_steps += t->phases[i].steps;
    }
    t->progress.seed = (int64_t)c->seed;
    t->progress.lr = t->progress.plateau_lr = lr;
    t->order = app_alloc((size_t)train.count, sizeof(int64_t));
    enter_phase(t);
    return enough;
}

void trainer_close(struct trainer *t)
{
    free(t->order);
    free(t->phases);
    *t = (struct trainer){0};
}

static enum class_sampling sampling_of(const struct config *c)
{
    const bool given = c->data && ftmrt_call_text(c->data, FTMRT_PARAM_data_sampling);
    return given ? (enum class_sampling)ftmrt_call_word(c->data, FTMRT_PARAM_data_sampling)
                 : SAMPLING_NATURAL;
}

/* The epoch's order of samples: positions shuffled by (seed, epoch), or with classes drawn, mapped through the subset. */
static void order_samples(struct trainer *t)
{
    const struct config *c = &t->session->config;
    const uint64_t epoch = (uint64_t)t->progress.epoch;
    for (int64_t i = 0; i < t->train.count; i++)
        t->order[i] = i;
    if (sampling_of(c) != SAMPLING_NATURAL)
        sampling_order(t->order, &t->train, c->classes, sampling_of(c), c->seed, epoch);
    else if (c->shuffle)
        shuffle_order(t->order, t->train.count, c->seed, epoch);
    for (int64_t i = 0; t->train.indices && i < t->train.count; i++)
        t->order[i] = t->train.indices[t->order[i]];
}

/* Whether each sample of training is right or wrong: its label is a class. */
static bool has_accuracy(const struct trainer *t)
{
    const struct config *c = &t->session->config;
    return c->input_train.labels == FTMRT_LABEL_INDEX && !c->unlabelled;
}

static int64_t count_correct(const struct session *s, int64_t n)
{
    const int32_t *labels = s->labels;
    int64_t classes = s->config.classes, correct = 0;
    for (int64_t i = 0; i < n; i++)
        correct += predicted_class(s->logits + i * classes, classes) == labels[i];
    return correct;
}

/* Counts a step of n samples as done. */
static void advance(struct trainer *t, int64_t n, double loss)
{
    struct progress *p = &t->progress;
    p->step++;
    p->position += n;
    p->epoch_loss += loss * (double)n;
    if (has_accuracy(t))
        p->epoch_correct += count_correct(t->session, n);
    p->seconds = trainer_clock() - t->started;
}

/* Begins to load what is left of the epoch, or of the training. */
static void open_queue(struct trainer *t)
{
    struct session *s = t->session;
    const struct config *c = &s->config;
    const struct progress *p = &t->progress;
    const int64_t end = p->position + (phase_end(t) - p->step) * c->batch;
    t->loader = session_loader(s, FTMRT_ENTRY_TRAIN, t->train.source, (uint64_t)p->epoch);
    t->queue =
        loader_queue_open(&(struct loader_plan){.loader = t->loader,
                                                .indices = t->order,
                                                .first = p->position,
                                                .end = end < t->train.count ? end : t->train.count,
                                                .batch = c->batch,
                                                .threads = s->threads,
                                                .workers = s->workers});
}

static void close_queue(struct trainer *t)
{
    session_point(t->session, NULL, NULL);
    loader_queue_close(t->queue);
    t->queue = NULL;
}

/* Takes the epoch's next batch; its samples in *n. */
static bool load_batch(struct trainer *t, int64_t *n)
{
    struct loaded_batch b;
    if (loader_queue_next(t->queue, &b) != LOADED_BATCH)
        return false;
    session_take(t->session, &t->loader, &b.batch, b.samples);
    *n = b.batch.n;
    return true;
}

/* Why the loss of a step of n samples is not finite. */
static void find_cause(struct trainer *t, int64_t n)
{
    const struct session *s = t->session;
    const int64_t at = not_finite_input(s, &s->config.input_train, n);
    t->broken.cause = at >= 0 ? CAUSE_INPUT : t->progress.step > 1 ? CAUSE_UPDATE : CAUSE_SIZE;
    if (at >= 0)
        t->broken.sample = t->order[t->progress.position - n + at];
}

/* One step on the epoch's next samples. */
static enum trainer_outcome train_step(struct trainer *t)
{
    struct session *s = t->session;
    struct progress *p = &t->progress;
    int64_t n = 0;
    const double lr = lr_schedule_rate(&t->schedule, p, p->step - p->phase_step);
    float loss = 0;
    if (!load_batch(t, &n) || !session_train_step(s, n, p->step + 1, lr, &loss))
        return TRAINER_FAILED;
    advance(t, n, (double)loss);
    weight_average_step(s->average, p->step - p->phase_step); /* anew in each phase */
    t->last = (struct step_result){p->step, p->epoch, (double)(float)lr, (double)loss};
    if (!isfinite(loss)) {
        find_cause(t, n);
        return TRAINER_NOT_FINITE;
    }
    return t->events.step(t->events.context, &t->last) ? TRAINER_DONE : TRAINER_FAILED;
}

/* The epoch's figures without validation. */
static struct epoch_result summary(const struct trainer *t)
{
    const struct progress *p = &t->progress;
    return (struct epoch_result){
        .phase = trainer_phase(t)->name,
        .epoch = p->epoch,
        .step = p->step,
        .lr = lr_schedule_rate(&t->schedule, p, p->step - p->phase_step - 1),
        .train_loss = p->epoch_loss / (double)p->position,
        .train_accuracy = has_accuracy(t) ? (double)p->epoch_correct / (double)p->position : NAN,
        .validation_loss = NAN,
        .validation_accuracy = NAN};
}

static void next_epoch(struct progress *p)
{
    p->epoch++;
    p->position = p->epoch_correct = 0;
    p->epoch_loss = 0;
}

/* Where nothing validates: whether what the last step made of the weights, finite as they are, gives a batch of the training samples a
 * loss that is. */
static enum trainer_outcome try_weights(struct trainer *t)
{
    const struct session *s = t->session;
    struct subset few = t->train;
    struct metrics m;
    few.count -= few.unlabelled;
    few.count = few.count < s->config.batch ? few.count : s->config.batch;
    if (!evaluate(t->session, &few, &m, NULL))
        return TRAINER_FAILED;
    const bool finite = isfinite(metrics_loss(&m));
    metrics_free(&m);
    t->broken.cause = CAUSE_LAST;
    return finite ? TRAINER_DONE : TRAINER_NOT_FINITE;
}

static enum trainer_outcome validate(struct trainer *t, struct epoch_result *e, struct metrics *m)
{
    if (!evaluate(t->session, &t->validation, m, NULL))
        return TRAINER_FAILED;
    if (thresholds_chosen(&t->session->config))
        thresholds_choose(&t->session->config, m);
    e->validation_loss = metrics_loss(m);
    e->validation_accuracy = metrics_accuracy(m);
    e->score = best_epoch_score(t->session->config.best, m);
    e->score_is_share = best_by_share(t->session->config.best, m->task);
    return TRAINER_DONE;
}

/* The phase that is done, as it was: progress is at its last epoch's end. */
static struct phase_result phase_result(const struct trainer *t)
{
    const struct progress *p = &t->progress;
    const bool last = p->phase + 1 == (int64_t)t->phase_count;
    return (struct phase_result){.ended = trainer_phase(t),
                                 .next = last ? NULL : trainer_phase(t) + 1,
                                 .epoch = p->epoch - 1,
                                 .stopped = p->step < phase_end(t),
                                 .highest_epoch = p->phase_highest_epoch,
                                 .highest = p->phase_highest,
                                 .before = p->phase_before};
}

/* Begins the next phase: what the optimizer and `plateau` have kept is of the one before. */
static void begin_phase(struct trainer *t)
{
    struct progress *p = &t->progress;
    p->phase++;
    p->phase_step = p->step;
    p->phase_highest = -INFINITY;
    p->phase_highest_epoch = 0;
    p->phase_before = p->best;
    const struct progress start = progress_start();
    p->plateau_lr = trainer_phase(t)->lr;
    p->plateau_best = start.plateau_best;
    p->plateau_bad = start.plateau_bad;
    p->plateau_cooldown = start.plateau_cooldown;
    p->stop_score = start.stop_score;
    p->stop_waited = start.stop_waited;
    session_clear_slots(t->session);
    enter_phase(t);
}

/* Behind the last epoch of a phase. */
static bool finish_phase(struct trainer *t)
{
    const struct phase_result r = phase_result(t);
    if (r.next)
        begin_phase(t);
    return !r.ended->name || !t->events.phase || t->events.phase(t->events.context, &r);
}

/* Validates if there is something to validate on, and tells. */
static enum trainer_outcome judge_epoch(struct trainer *t)
{
    struct epoch_result e = summary(t);
    struct metrics m = {0};
    e.validated = t->validation.count > 0;
    const enum trainer_outcome outcome = e.validated ? validate(t, &e, &m) : try_weights(t);
    if (outcome != TRAINER_DONE)
        return outcome;
    e.seconds = t->progress.seconds = trainer_clock() - t->started;
    best_epoch_note(&t->progress, &e, t->validation.count);
    lr_schedule_note(&t->schedule, &t->progress, e.validated ? e.validation_loss : e.train_loss);
    early_stop_note(&t->progress, &e, t->session->config.min_delta);
    next_epoch(&t->progress);
    const bool ok = t->events.epoch(t->events.context, &e, e.validated ? &m : NULL);
    metrics_free(&m);
    return ok ? TRAINER_DONE : TRAINER_FAILED;
}

/* Where there is a mean of the weights, it is what validates and is saved. */
static enum trainer_outcome finish_epoch(struct trainer *t)
{
    t->broken.state = not_finite_state(t->session, false);
    if (t->broken.state)
        return TRAINER_NOT_FINITE;
    weight_average_swap(t->session->average);
    const enum trainer_outcome outcome = judge_epoch(t);
    weight_average_swap(t->session->average);
    const bool goes_on = t->progress.step < phase_end(t) && !trainer_stops(t);
    if (outcome == TRAINER_DONE && !goes_on && !finish_phase(t))
        return TRAINER_FAILED;
    return outcome;
}

static bool epoch_left(const struct trainer *t)
{
    return t->progress.position < t->train.count && t->progress.step < phase_end(t);
}

/* The steps that are left of the running epoch. */
static enum trainer_outcome train_steps(struct trainer *t)
{
    enum trainer_outcome outcome = TRAINER_DONE;
    order_samples(t);
    open_queue(t);
    while (outcome == TRAINER_DONE && epoch_left(t))
        outcome = t->events.stop(t->events.context) ? TRAINER_INTERRUPTED : train_step(t);
    close_queue(t);
    return outcome;
}

static enum trainer_outcome train_epoch(struct trainer *t)
{
    const enum trainer_outcome outcome = train_steps(t);
    if (outcome != TRAINER_DONE)
        return outcome;
    return t->events.stop(t->events.context) ? TRAINER_INTERRUPTED : finish_epoch(t);
}

bool trainer_stops(const struct trainer *t)
{
    const int64_t patience = t->session->config.patience;
    return patience && t->progress.stop_waited >= patience;
}

enum trainer_outcome trainer_run(struct trainer *t, const struct trainer_events *events)
{
    enum trainer_outcome outcome = TRAINER_DONE;
    t->events = *events;
    t->started = trainer_clock() - t->progress.seconds;
    enter_phase(t);
    while (outcome == TRAINER_DONE && t->progress.epoch <= t->epochs && !trainer_stops(t) &&
           (t->progress.position || t->progress.step < phase_end(t)))
        outcome = train_epoch(t);
    return outcome;
}
