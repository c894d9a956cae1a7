/* Evaluation of a data set with the weights of a session. */
#ifndef FTMRT_APP_EVAL_H
#define FTMRT_APP_EVAL_H

#include "dataset.h"
#include "metrics.h"
#include "session.h"

/* Runs all samples of `order` (NULL: the first `count`) and fills m, which is initialised here
 * (NULL: the samples have no labels).
 * all_logits (may be NULL) receives [count, classes]. false after a message. */
bool evaluate(struct session *s, const struct dataset *d, const int64_t *order, int64_t count,
              struct metrics *m, float *all_logits);

#endif
