/* What is said before training. */
#include "train_warnings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "not_finite.h"
#include "report.h"

/* The layer of a state: its name without the last part. */
static int layer_length(const struct ftmrt_state *s)
{
    const char *dot = strrchr(s->name, '.');
    return dot ? (int)(dot - s->name) : (int)strlen(s->name);
}

static bool check_weights(const struct session *s)
{
    const char *weights = s->config.weights ? s->config.weights : "the initial weights";
    const struct ftmrt_state *bad = not_finite_state(s, true);
    if (bad)
        return report_error("'%s' has values that are not finite, from %s: the loss will not be "
                            "either; look at that file with `ftmc inspect`",
                            bad->name, weights);
    if ((bad = negative_variance(s)))
        report_note("warning: '%s' has values below 0, from %s: batch norm makes NaN of them",
                    bad->name, weights);
    return true;
}

/* The first statistic that a last batch of so many images gives one value per channel; NULL: there is none. */
static const struct ftmrt_state *one_value(const struct ftmrt_program *p, int64_t images)
{
    for (uint32_t i = 0; i < p->state_count; i++)
        if (p->states[i].momentum > 0 && p->states[i].places * images == 1)
            return &p->states[i];
    return NULL;
}

/* The greatest batch below this one that leaves no single image, or the smallest one above it; 0: there is none. */
static int64_t better_batch(int64_t count, int64_t batch)
{
    int64_t b = batch;
    while (b > 1 && count % b == 1)
        b--;
    if (b > 1)
        return b;
    for (b = batch + 1; b < count && count % b == 1;)
        b++;
    return count > 1 ? b : 0;
}

/* A variance over one value is 0, whatever it is: no gradient passes, and the running variance is pulled to 0. */
static void warn_last_batch(const struct trainer *t)
{
    const int64_t batch = t->session->config.batch,
                  last = t->train.count % batch ? t->train.count % batch : batch;
    const struct ftmrt_state *s = one_value(t->session->program, last);
    if (!s)
        return;
    const int64_t better = better_batch(t->train.count, batch);
    char *way = better ? app_format("take `batch = %lld`", (long long)better)
                       : app_format("add images, or write `freeze statistics %.*s`",
                                    layer_length(s), s->name);
    report_note("warning: the last batch of an epoch has one image (%lld in batches of %lld), and "
                "'%.*s' then has one value per channel: its variance is 0, no gradient passes, and "
                "its running statistics become wrong; %s",
                (long long)t->train.count, (long long)batch, layer_length(s), s->name, way);
    free(way);
}

double statistics_left(const struct ftmrt_program *p, int64_t steps,
                       const struct ftmrt_state **state)
{
    double most = 0;
    for (uint32_t i = 0; i < p->state_count; i++) {
        const struct ftmrt_state *s = &p->states[i];
        const double left = s->momentum > 0 ? pow(1 - s->momentum, (double)steps) : 0;
        if (left <= most)
            continue;
        most = left;
        *state = s;
    }
    return most;
}

/* More than this share of the old statistics at the end falsifies what evaluation sees. */
#define MUCH_LEFT 0.2

static void warn_statistics(const struct trainer *t)
{
    const struct ftmrt_state *s = NULL;
    const double left = statistics_left(t->session->program, t->progress.total_steps, &s);
    if (s && left > MUCH_LEFT)
        report_note(
            "warning: the running statistics of '%.*s' move by %g in each of %lld steps: "
            "%.0f %% of the old ones will be left at the end, and validation will lag behind "
            "training; raise the momentum of its batch norm, or train longer",
            layer_length(s), s->name, s->momentum, (long long)t->progress.total_steps, 100 * left);
}

/* A mean that looks back over more steps than there are is mostly of the first ones. */
static void warn_average(const struct trainer *t)
{
    const double decay = t->session->config.ema, steps = (double)t->progress.total_steps,
                 left = decay > 0 ? pow(decay, steps - 1) : 0;
    if (left > MUCH_LEFT)
        report_note("warning: ema = %g keeps so much that %.0f %% of the mean will be the weights "
                    "behind the first of %lld steps, when it is validated last; take ema = %.2g",
                    decay, 100 * left, (long long)t->progress.total_steps,
                    pow(0.01, 1 / fmax(steps, 1)));
}

bool train_warnings(const struct trainer *t)
{
    const struct config *c = &t->session->config;
    if (!check_weights(t->session))
        return false;
    if (t->progress.lr <= 0)
        report_note("warning: the learning rate is 0: nothing is learned");
    if (!t->validation.count && !c->validation && c->validation_percent <= 0 && !c->folds)
        report_note("warning: nothing validates: the last epoch counts as the best; add "
                    "`validation = 10%%` to the data block");
    warn_last_batch(t);
    warn_statistics(t);
    warn_average(t);
    return true;
}
