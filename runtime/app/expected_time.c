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

static bool enough(void *context)
{
    const struct expected_time *e = context;
    return e->steps >= TIMED_STEPS;
}

static bool count_step(void *context, const struct step_result *r)
{
    (void)r;
    expected_time_step(context);
    return true;
}

static bool next_epoch(void *context, const struct epoch_result *e, const struct metrics *m)
{
    (void)context, (void)e, (void)m;
    return true;
}

/* Seconds that validation takes after an epoch, from one batch of it; below 0 after a message. */
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

static void print_time(const struct trainer *t, double step, double validation)
{
    char text[16];
    const double all = step * (double)t->progress.total_steps + validation * (double)t->epochs;
    progress_time_text(text, sizeof text, ceil(all));
    printf("about %s for %lld steps in %lld epochs: %.3g s a step", text,
           (long long)t->progress.total_steps, (long long)t->epochs, step);
    if (validation > 0)
        printf(", %.3g s for validation after each epoch", validation);
    printf("\nnothing was saved: a dry run\n");
}

bool expected_time_dry_run(struct trainer *t)
{
    struct expected_time e = {0};
    const struct trainer_events events = {&e, enough, count_step, next_epoch};
    const enum trainer_outcome outcome = trainer_run(t, &events);
    if (outcome == TRAINER_NOT_FINITE)
        return report_error("the loss is not finite at step %lld", (long long)t->last.step);
    if (outcome == TRAINER_FAILED)
        return false;
    const double validation = time_validation(t);
    if (validation < 0)
        return false;
    print_time(t, e.steps > 1 ? expected_time_of_step(&e) : 0, validation);
    return true;
}
