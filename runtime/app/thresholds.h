/* From which probability on a label is given, where a sample has any number of them: 1/2, or, with `thresholds = f1`, for each class the one
 * with the best F1 in validation. Trained files have them in their metadata. */
#ifndef FTMRT_APP_THRESHOLDS_H
#define FTMRT_APP_THRESHOLDS_H

#include "metrics.h"

/* Whether training chooses them. */
bool thresholds_chosen(const struct config *c);

/* Chooses those that suit an evaluation, and judges it anew by them. A class without a yes keeps 1/2, as all do where the answers were
 * too many to be kept. Source: Lipton, Elkan and Naryanaswamy, "Optimal Thresholding of Classifiers to Maximize F1 Measure", 2014. */
void thresholds_choose(struct config *c, struct metrics *m);

/* Them as text for a file, allocated; NULL: all are 1/2. And back: NULL, or a text that has not one for each class, makes all 1/2. */
char *thresholds_text(const struct config *c);
void thresholds_take(struct config *c, const char *text);

#endif
