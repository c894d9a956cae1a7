/* What an epoch's figures say of the recipe: rules in the order of their weight; the first that applies speaks. */
#include "epoch_advice.h"

#include <math.h>
#include <stdlib.h>

#include "report.h"
#include "train_warnings.h"

/* What counts as far above, in accuracy, and as a fall of the loss, as a share of it; from how many samples on validation is believed;
 * epochs of patience, and which part of the epochs so far must have passed in vain; up to which epoch a best one is no more than where it
 * all began. */
#define FAR_ABOVE 0.15
#define FALL      0.001
enum { FEW_SAMPLES = 20, SOON = 100, PATIENCE = 5, PART_IN_VAIN = 3, BEGINNING = 2 };

/* What the rules look at. */
struct look {
    const struct trainer *t;
    const struct epoch_result *e;
    int64_t moved; /* the epoch in which validation became better last */
    bool learned;  /* the loss was below that of guessing, now or before */
};

/* So many times the loss of guessing is no start that a few steps more would mend. */
#define FAR_OFF 10

static bool is_far_above(const struct trainer *t, const struct epoch_result *e)
{
    return t->validation.count >= FEW_SAMPLES &&
           e->train_accuracy - e->validation_accuracy > FAR_ABOVE;
}

/* The loss of an answer that gives every class the same share is ln(classes), whatever the weights of the classes and however the
 * labels are smoothed or mixed. */
static double loss_of_guessing(const struct trainer *t)
{
    return log((double)t->session->config.classes);
}

/* As both are printed: what reads as below is below. */
static bool is_below_guessing(const struct trainer *t, const struct epoch_result *e)
{
    return round(1000 * e->train_loss) < round(1000 * loss_of_guessing(t));
}

/* The loss of the best answer is the entropy of the labels: whether a network that has learned shows in the loss of an epoch. Mixed
 * labels differ from batch to batch, and smoothed ones may leave no difference to see. */
static bool shows_learning(const struct config *c)
{
    const double spread = config_label_smoothing(c), k = (double)c->classes;
    const double other = spread / k, own = 1 - spread + other;
    const double best = spread > 0 ? -own * log(own) - (k - 1) * other * log(other) : 0;
    return !c->input_train.mix && log(k) - best > 0.01 * log(k);
}

static char *not_below_guessing(const struct look *l)
{
    const struct trainer *t = l->t;
    const struct epoch_result *e = l->e;
    const struct config *c = &t->session->config;
    const double guess = loss_of_guessing(t);
    if (c->task != TASK_CLASS || c->sum_of_losses ||
        ftmrt_loss_info(c->loss->id)->vector != FTMRT_VECTOR_DISTRIBUTION || t->schedule.lr <= 0 ||
        l->learned ||
        ((!shows_learning(c) || (e->epoch < 2 && e->step < SOON)) &&
         e->train_loss < FAR_OFF * guess))
        return NULL;
    return app_format("the loss, %.3f, is not below that of guessing, ln(%lld) = %.3f: nothing is "
                      "learned yet; %s optimizer.lr (it is %g)%s",
                      e->train_loss, (long long)c->classes, guess,
                      e->train_loss > 1.5 * guess ? "lower" : "raise", t->schedule.lr,
                      e->train_loss > 1.5 * guess ? "" : ", or train more layers");
}

static char *statistics_lag(const struct look *l)
{
    const struct trainer *t = l->t;
    const struct epoch_result *e = l->e;
    const struct ftmrt_state *s = NULL;
    const double left = statistics_left(t->session->program, e->step, &s);
    if (!s || left < 0.1 || !is_far_above(t, e))
        return NULL;
    return app_format("validation (%.1f %%) lags behind training (%.1f %%): %.0f %% of the old "
                      "values are left in '%s' after %lld steps; raise the momentum of its batch "
                      "norm (it is %g)",
                      100 * e->validation_accuracy, 100 * e->train_accuracy, 100 * left, s->name,
                      (long long)e->step, s->momentum);
}

static char *learnt_by_heart(const struct look *l)
{
    const struct trainer *t = l->t;
    const struct epoch_result *e = l->e;
    const long long best = (long long)t->progress.highest_epoch;
    double decay = 0;
    if (e->highest || e->epoch < 3 || !is_far_above(t, e))
        return NULL;
    const bool has = network_scalar(t->session->config.optimizer, "weight_decay", &decay);
    char *setting =
        has ? app_format("raise optimizer.weight_decay (it is %g), ", decay) : app_strdup("");
    char *end = best > BEGINNING && t->phase_count == 1 ? app_format("stop at --epochs %lld", best)
                                                        : app_strdup("lower optimizer.lr");
    char *text = app_format("training (%.1f %%) is far above validation (%.1f %%): it learns the "
                            "samples by heart; add samples or random transforms, %sor %s",
                            100 * e->train_accuracy, 100 * e->validation_accuracy, setting, end);
    free(setting);
    free(end);
    return text;
}

/* Neither the accuracy nor the loss has become better for some epochs, for some steps (few pictures have epochs of one step), and for a
 * good part of all. What was best at the beginning is no length to recommend. */
static char *no_longer_moves(const struct look *l)
{
    const int64_t in_vain = l->e->epoch - l->moved;
    if (!l->e->validated || !l->moved || in_vain < PATIENCE ||
        in_vain * PART_IN_VAIN < l->e->epoch || in_vain * l->e->step < SOON * l->e->epoch)
        return NULL;
    char *end = l->t->phase_count > 1 ? app_strdup("end this phase there, or ")
                : l->moved > BEGINNING
                    ? app_format("--epochs %lld is enough, or ", (long long)l->moved)
                    : app_strdup("add samples, or ");
    char *text = app_format("validation has not improved since epoch %lld, neither accuracy nor "
                            "loss: %slower optimizer.lr (it is %g)",
                            (long long)l->moved, end, l->t->schedule.lr);
    free(end);
    return text;
}

/* Notes in which epoch validation became better last (its highest accuracy, or a lower loss), and whether training has left guessing. */
static void note_moves(struct epoch_advice *a, const struct trainer *t,
                       const struct epoch_result *e)
{
    a->learned = a->learned || is_below_guessing(t, e);
    if (t->progress.highest_epoch > a->moved)
        a->moved = t->progress.highest_epoch;
    if (e->validated && isfinite(e->validation_loss) &&
        (!a->has_loss || e->validation_loss < (1 - FALL) * a->loss)) {
        a->loss = e->validation_loss;
        a->has_loss = true;
        a->moved = e->epoch;
    }
}

char *epoch_advice(struct epoch_advice *a, const struct trainer *t, const struct epoch_result *e)
{
    static char *(*const rules[])(const struct look *) = {not_below_guessing, statistics_lag,
                                                          learnt_by_heart, no_longer_moves};
    note_moves(a, t, e);
    const struct look look = {t, e, a->moved, a->learned};
    for (int i = 0; i < (int)(sizeof rules / sizeof rules[0]); i++) {
        char *text = rules[i](&look);
        if (text && a->rule == i + 1 && e->epoch < 2 * a->epoch) {
            free(text);
            return NULL;
        }
        if (text) {
            a->rule = i + 1;
            a->epoch = e->epoch;
            return text;
        }
    }
    return NULL;
}
