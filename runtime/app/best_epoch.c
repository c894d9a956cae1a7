#include "best_epoch.h"

#include <math.h>
#include <string.h>

/* ---- scores ---- */

double best_epoch_score(enum best_by by, const struct metrics *m)
{
    switch (by) {
    case BEST_BY_LOSS: return -metrics_loss(m);
    case BEST_BY_ACCURACY: return metrics_accuracy(m);
    case BEST_BY_MACRO_F1: return metrics_macro_f1(m);
    case BEST_BY_BALANCED_ACCURACY: return metrics_balanced_accuracy(m);
    case BEST_BY_AUTO: break;
    }
    return task_has_accuracy(m->task) ? metrics_accuracy(m) : -metrics_loss(m);
}

bool best_by_share(enum best_by by, enum task task)
{
    return by == BEST_BY_ACCURACY || (by == BEST_BY_AUTO && task_has_accuracy(task));
}

const char *best_epoch_word(const struct config *c, double *unit)
{
    static const char *const words[] = {[BEST_BY_AUTO] = "loss",
                                        [BEST_BY_ACCURACY] = "accuracy",
                                        [BEST_BY_LOSS] = "loss",
                                        [BEST_BY_MACRO_F1] = "macro F1",
                                        [BEST_BY_BALANCED_ACCURACY] = "balanced accuracy"};
    const char *word = best_by_share(c->best, c->task) ? "accuracy" : words[c->best];
    *unit = strcmp(word, "loss") == 0 ? -1 : 100;
    return word;
}

/* ---- the best epoch ---- */

/* Notes the highest score: of several the one with the lowest loss. */
static bool note_highest(struct progress *p, const struct epoch_result *e, double score)
{
    if (score < p->highest || (score == p->highest && !(e->validation_loss < p->highest_loss)))
        return false;
    p->highest = score;
    p->highest_loss = e->validation_loss;
    p->highest_epoch = e->epoch;
    return true;
}

/* The standard error of an accuracy on n samples, two of which are added on either side, so that it is not 0 where all are right (Agresti
 * and Coull, The American Statistician 52, 1998). */
static double standard_error(double accuracy, int64_t n)
{
    const double all = (double)n + 4, share = (accuracy * (double)n + 2) / all;
    return sqrt(share * (1 - share) / all);
}

void best_epoch_note(struct progress *p, struct epoch_result *e, int64_t count)
{
    if (e->validated && !isfinite(e->validation_loss))
        return;
    const double score = e->validated ? e->score : (double)e->epoch;
    const bool gains = score > p->phase_before;
    e->highest = note_highest(p, e, score);
    e->best = gains && (e->highest || (e->validated && e->score_is_share &&
                                       score > p->highest - standard_error(p->highest, count)));
    if (score > p->phase_highest) {
        p->phase_highest = score;
        p->phase_highest_epoch = e->epoch;
    }
    if (!e->best)
        return;
    p->best = score;
    p->best_loss = e->validation_loss;
    p->best_accuracy = e->validation_accuracy;
    p->best_epoch = e->epoch;
    p->best_phase = p->phase;
}

/* ---- early stopping ---- */

void early_stop_note(struct progress *p, const struct epoch_result *e, double min_delta)
{
    const double score = e->validated ? e->score : -e->train_loss;
    if (score > p->stop_score + min_delta) {
        p->stop_score = score;
        p->stop_waited = 0;
    } else {
        p->stop_waited++;
    }
}
