#include "best_epoch.h"

#include <math.h>

/* Notes the highest score: the highest accuracy in validation, of several the one with the lowest loss; the lowest loss where the task
 * has no accuracy; without validation the last epoch's. */
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
    const bool accuracy = e->validated && !isnan(e->validation_accuracy);
    const double score = !e->validated ? (double)e->epoch
                         : accuracy    ? e->validation_accuracy
                                       : -e->validation_loss;
    e->highest = note_highest(p, e, score);
    e->best = e->highest || (accuracy && score > p->highest - standard_error(p->highest, count));
    if (!e->best)
        return;
    p->best = score;
    p->best_loss = e->validation_loss;
    p->best_epoch = e->epoch;
}
