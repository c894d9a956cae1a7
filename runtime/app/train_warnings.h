/* What is said before training because it must go wrong, or may. */
#ifndef FTMRT_APP_TRAIN_WARNINGS_H
#define FTMRT_APP_TRAIN_WARNINGS_H

#include "trainer.h"

/* Looks at weights, learning rate, validation, the last batch of an epoch and running statistics. false after a message: weights are not
 * finite, so that nothing can come of it. */
bool train_warnings(const struct trainer *t);

/* The share of what running statistics were at the start that is still in them after so many steps, of the slowest layer's; 0: there are
 * none. *state is one of that layer's. */
double statistics_left(const struct ftmrt_program *p, int64_t steps,
                       const struct ftmrt_state **state);

#endif
