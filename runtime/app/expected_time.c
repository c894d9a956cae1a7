/* How long a training will take. */
#include "expected_time.h"

#include <math.h>
#include <stdio.h>

#include "evaluate.h"
#include "progress_line.h"
#include "report.h"

void expected_time_step(struct expected_time *e)
{
    e->last = trainer_clock();
    if (e->steps++ == 0)
        e->first = e->last;
}

double expected_time_of_step(const struct expected_time *e)
{
    return (e->last - e->first) / (double)(e->steps - 1);
}

/* ---- a dry run ---- */

/* Steps that are timed. */
struct dry_run {
    struct expected_time time;
    const struct trainer *trainer;
};

/* Where features are kept, a second epoch is not like the first. */
static bool enough(void *context)
{
    const struct dry_run *d = context;
    const struct trainer *t = d->trainer;
    return d->time.steps >= TIMED_STEPS || t->progress.phase > 0 ||
           (t->loader.features && t->progress.position == t->train.count);
}

static bool count_step(void *context, const struct step_result *r)
{
    (void)r;
    struct dry_run *d = context;
    expected_time_step(&d->time);
    return true;
}

static bool next_epoch(void *context, const struct epoch_result *e, const struct metrics *m)
{
    (void)context, (void)e, (void)m;
    return true;
}

/* Seconds of a step, and of a validation; below 0 after a message. */
struct measured {
    double step, validation;
};

/* Of one batch of what validates. */
static double time_validation(struct trainer *t)
{
    struct subset some = t->validation;
    const int64_t most = t->session->program->max_batch;
    struct metrics m;
    if (!some.count)
        return 0;
    some.count = some.count < most ? some.count : most;
    const double begin = trainer_clock();
    if (!evaluate(t->session, &some, &m, NULL))
        return -1;
    metrics_free(&m);
    return (trainer_clock() - begin) * (double)t->validation.count / (double)some.count;
}

/* Does the next steps of the training. */
static bool time_epoch(struct trainer *t, struct measured *out)
{
    struct dry_run d = {.trainer = t};
    const struct expected_time *e = &d.time;
    const struct trainer_events events = {&d, enough, count_step, next_epoch, NULL};
    const enum trainer_outcome outcome = trainer_run(t, &events);
    if (outcome == TRAINER_NOT_FINITE)
        return report_error("the loss is not finite at step %lld", (long long)t->last.step);
    if (outcome == TRAINER_FAILED)
        return false;
    *out = (struct measured){e->steps > 1 ? expected_time_of_step(e) : 0, time_validation(t)};
    return out->validation >= 0;
}

static void print_time(const struct trainer *t, const struct measured *first,
                       const struct measured *later)
{
    char text[16];
    const char *phase = t->phases[0].name;
    const int64_t total = t->phases[0].steps, epoch = t->schedule.steps_per_epoch,
                  steps = total < epoch ? total : epoch;
    const double all = first->step * (double)steps + first->validation +
                       later->step * (double)(total - steps) +
                       later->validation * (double)(t->phases[0].epochs - 1);
    progress_time_text(text, sizeof text, ceil(all));
    printf("about %s for %lld steps in %lld epochs: %.3g s a step", text, (long long)total,
           (long long)t->phases[0].epochs, first->step);
    if (phase)
        printf(" in phase %s", phase);
    if (first->validation > 0)
        printf(", %.3g s for validation after each epoch", first->validation);
    if (later != first)
        printf("; after the first epoch, when what is frozen has been computed, %.3g s a step",
               later->step);
    printf("\nnothing was saved: a dry run\n");
}

bool expected_time_dry_run(struct trainer *t)
{
    const struct progress begin = t->progress;
    struct measured first = {0}, later = {0};
    if (!time_epoch(t, &first))
        return false;
    const bool kept = t->loader.features && t->phases[0].epochs > 1;
    t->progress = begin;
    if (kept && !time_epoch(t, &later)) /* the same samples again, whose features are kept */
        return false;
    print_time(t, &first, kept ? &later : &first);
    return true;
}
