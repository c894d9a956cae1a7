/* How long a training will take. */
#include "expected_time.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* The seconds of a step and of a validation, in the first epoch and in later ones. */
struct both {
    struct measured first, later;
};

/* Does some steps, and again where features are kept by then. */
static bool time_both(struct trainer *t, bool several, struct both *out)
{
    const struct progress begin = t->progress;
    if (!time_epoch(t, &out->first))
        return false;
    out->later = out->first;
    t->progress = begin;
    /* the same samples again, whose features are kept */
    return !t->loader.features || !several || time_epoch(t, &out->later);
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
    struct both both = {0};
    if (!time_both(t, t->phases[0].epochs > 1, &both))
        return false;
    const bool kept = t->loader.features && t->phases[0].epochs > 1;
    print_time(t, &both.first, kept ? &both.later : &both.first);
    return true;
}

/* ---- steps for a time ---- */

/* In the child: times, and sends what was found. */
_Noreturn static void time_and_send(struct trainer *t, int to)
{
    struct both both = {0};
    const bool ok =
        time_both(t, true, &both) && write(to, &both, sizeof both) == (ssize_t)sizeof both;
    _exit(ok ? 0 : 1);
}

static bool receive(pid_t child, int from, struct both *both)
{
    int status = 1;
    const bool whole = read(from, both, sizeof *both) == (ssize_t)sizeof *both;
    const bool ended = waitpid(child, &status, 0) == child;
    return whole && ended && status == 0;
}

/* What fits: of the first epoch, whose steps may take longer, then of others. */
static int64_t steps_within(double seconds, const struct both *b, int64_t epoch)
{
    const double e = (double)epoch, first = b->first.step * e + b->first.validation,
                 later = b->later.step * e + b->later.validation;
    if (seconds < first)
        return (int64_t)fmax(1, (seconds - b->first.validation) / b->first.step);
    const double whole = floor((seconds - first) / later),
                 left = seconds - first - whole * later - b->later.validation;
    return (int64_t)fmin(1e9, e * (1 + whole) + fmax(0, floor(left / b->later.step)));
}

bool expected_time_fit(struct trainer *t, double seconds, int64_t *steps)
{
    struct both both = {0};
    int ends[2];
    fflush(NULL);
    if (pipe(ends) != 0)
        return report_error("--minutes: %s", strerror(errno));
    const pid_t child = fork();
    if (child == 0)
        time_and_send(t, ends[1]);
    close(ends[1]);
    const bool ok = child > 0 && receive(child, ends[0], &both);
    close(ends[0]);
    if (!ok || !(both.first.step > 0) || !(both.later.step > 0))
        return report_error("--minutes: the first steps could not be timed");
    *steps = steps_within(seconds, &both, t->schedule.steps_per_epoch);
    return true;
}
