/* Evaluation of a data set with the weights of a session. */
#ifndef FTMRT_APP_EVALUATE_H
#define FTMRT_APP_EVALUATE_H

#include "metrics.h"
#include "sampling.h"
#include "session.h"

/* Runs all samples of `d` and fills m, which is initialised here (NULL: the samples have no labels; then `predict`
 * runs, else `eval`, whose loss is the recipe's). all_logits (may be NULL) receives [count, output_count]. false after a
 * message. */
bool evaluate(struct session *s, const struct subset *d, struct metrics *m, float *all_logits);

/* The same of labelled samples for a task of classes, each answered as it is and mirrored: the probabilities are the mean of both, logits the
 * logarithms of it, and so is the loss the mean. */
bool evaluate_flipped(struct session *s, const struct subset *d, struct metrics *m,
                      float *all_logits);

#endif
