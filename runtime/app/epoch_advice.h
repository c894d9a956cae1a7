/* What an epoch's figures say of the recipe, where something is wrong. */
#ifndef FTMRT_APP_EPOCH_ADVICE_H
#define FTMRT_APP_EPOCH_ADVICE_H

#include "trainer.h"

/* When what was said last, and what validation has reached; zero at the start. */
struct epoch_advice {
    int rule; /* number + 1 of the rule that spoke last */
    int64_t epoch;
    int64_t moved; /* the last epoch in which validation became better, by accuracy or loss */
    double loss;   /* the lowest in validation, where it has_loss */
    bool has_loss;
    bool learned; /* in some epoch the loss of training was below that of guessing */
};

/* One line with the setting to change, or NULL: a loss not below that of guessing, statistics that lag, training far above validation,
 * validation that no longer moves. The same is not said again before twice as many epochs. t: behind the epoch. Allocated. */
char *epoch_advice(struct epoch_advice *a, const struct trainer *t, const struct epoch_result *e);

#endif
