/* Which epoch's weights are the best. */
#ifndef FTMRT_APP_BEST_EPOCH_H
#define FTMRT_APP_BEST_EPOCH_H

#include "trainer.h"

/* What the recipe's `best` asks for, of figures in validation: higher is better. They must be figures of m's task. */
double best_epoch_score(enum best_by by, const struct metrics *m);

/* Whether that is a share of the samples. */
bool best_by_share(enum best_by by, enum task task);

/* The figure that chooses the best epoch, as a word; in *unit what its score is times for people. */
const char *best_epoch_word(const struct config *c, double *unit);

/* Says of an epoch whether its figures in validation are the highest so far, and whether it is the best to keep, and notes both in p.
 * count: the samples that validate.
 *
 * Kept is an epoch whose score is the highest, and, where that is the accuracy, a later one that is less than a standard error below
 * it (the rule of Breiman et al., Classification and Regression Trees, 1984, 3.4.3): so near to each other, the order of two is chance,
 * and the later one has learnt more, at a rate that falls. An epoch of a later phase is to be better than the best one of those before it: what a
 * phase changes has to show, or its training was for nothing. Without validation it is the last. One whose loss is not finite is never
 * kept. */
void best_epoch_note(struct progress *p, struct epoch_result *e, int64_t count);

/* Counts the epochs since the score, or without validation the loss of training, was better than ever by more than min_delta:
 * p->stop_waited. */
void early_stop_note(struct progress *p, const struct epoch_result *e, double min_delta);

#endif
