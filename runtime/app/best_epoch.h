/* Which epoch's weights are the best. */
#ifndef FTMRT_APP_BEST_EPOCH_H
#define FTMRT_APP_BEST_EPOCH_H

#include "trainer.h"

/* Says of an epoch whether its figures in validation are the highest so far, and whether it is the best to keep, and notes both in p.
 * count: the samples that validate.
 *
 * Kept is an epoch whose score is the highest, and a later one whose accuracy is less than a standard error below it (the rule of
 * Breiman et al., Classification and Regression Trees, 1984, 3.4.3): so near to each other, the order of two is chance, and the later
 * one has learnt more, at a rate that falls. Where the task has no accuracy it is the one with the lowest loss; without validation the
 * last. One whose loss is not finite is never kept. */
void best_epoch_note(struct progress *p, struct epoch_result *e, int64_t count);

#endif
