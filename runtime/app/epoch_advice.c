/* What an epoch's figures say of the recipe: rules in the order of their weight; the first that applies speaks. */
#include "epoch_advice.h"

#include <math.h>
#include <stdlib.h>

#include "report.h"
#include "train_warnings.h"

/* What counts as far above, in accuracy; from how many samples on validation is believed; epochs of patience. */
#define FAR_ABOVE 0.15
enum { FEW_SAMPLES = 20, SOON = 100, PATIENCE = 5 };

/* So many times the loss of guessing is no start that a few steps more would mend. */
#define FAR_OFF 10

static bool is_far_above(const struct trainer *t, const struct epoch_result *e)
{
    return t->validation.count >= FEW_SAMPLES &&
           e->train_accuracy - e->validation_accuracy > FAR_ABOVE;
}

/* The loss of an answer that gives every class the same share is ln(classes), whatever the weights of the classes. */
static char *not_below_guessing(const struct trainer *t, const struct epoch_result *e)
{
    const struct config *c = &t->session->config;
    const double guess = log((double)c->classes);
    if (c->task != TASK_CLASS ||
        ftmrt_loss_info(c->loss->id)->vector != FTMRT_VECTOR_DISTRIBUTION || t->progress.lr <= 0 ||
        (e->epoch < 2 && e->step < SOON && e->train_loss < FAR_OFF * guess) ||
        e->train_loss < 0.99 * guess)
        return NULL;
    return app_format("the loss, %.3f, is not below that of guessing, ln(%lld) = %.3f: nothing is "
                      "learned yet; %s optimizer.lr (it is %g)%s",
                      e->train_loss, (long long)c->classes, guess,
                      e->train_loss > 1.5 * guess ? "lower" : "raise", t->progress.lr,
                      e->train_loss > 1.5 * guess ? "" : ", or train more layers");
}

static char *statistics_lag(const struct trainer *t, const struct epoch_result *e)
{
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

static char *learnt_by_heart(const struct trainer *t, const struct epoch_result *e)
{
    double decay = 0;
    if (e->best || e->epoch < 3 || !is_far_above(t, e))
        return NULL;
    const bool has = config_scalar(&t->session->config, "weight_decay", &decay);
    char *setting =
        has ? app_format("raise optimizer.weight_decay (it is %g), ", decay) : app_strdup("");
    char *text = app_format("training (%.1f %%) is far above validation (%.1f %%): it learns the "
                            "samples by heart; add samples or random transforms, %sor stop at "
                            "--epochs %lld",
                            100 * e->train_accuracy, 100 * e->validation_accuracy, setting,
                            (long long)t->progress.best_epoch);
    free(setting);
    return text;
}

static char *no_longer_moves(const struct trainer *t, const struct epoch_result *e)
{
    const int64_t best = t->progress.best_epoch;
    if (!e->validated || !best || e->epoch - best < PATIENCE)
        return NULL;
    return app_format("validation has not improved since epoch %lld: --epochs %lld is enough, or "
                      "lower optimizer.lr (it is %g)",
                      (long long)best, (long long)best, t->progress.lr);
}

char *epoch_advice(struct epoch_advice *a, const struct trainer *t, const struct epoch_result *e)
{
    static char *(*const rules[])(const struct trainer *, const struct epoch_result *) = {
        not_below_guessing, statistics_lag, learnt_by_heart, no_longer_moves};
    for (int i = 0; i < (int)(sizeof rules / sizeof rules[0]); i++) {
        char *text = rules[i](t, e);
        if (text && a->rule == i + 1 && e->epoch < 2 * a->epoch) {
            free(text);
            return NULL;
        }
        if (text) {
            *a = (struct epoch_advice){i + 1, e->epoch};
            return text;
        }
    }
    return NULL;
}
