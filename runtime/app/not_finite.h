/* Numbers that are not finite: where they are, so that messages can name what they came from. */
#ifndef FTMRT_APP_NOT_FINITE_H
#define FTMRT_APP_NOT_FINITE_H

#include "session.h"

/* What made a loss, or weights, not finite. */
enum not_finite_cause {
    CAUSE_UPDATE, /* a step: its learning rate was too high */
    CAUSE_INPUT,  /* a sample's input has such values */
    CAUSE_SIZE, /* none of them, before any step: numbers of weights and inputs that are too large */
    CAUSE_LAST  /* the last step: its loss was finite, those behind it are not */
};

/* The first parameter or running statistic that has a value that is not finite, of those that are trained, or (all) of the frozen ones
 * too; NULL: there is none. */
const struct ftmrt_state *not_finite_state(const struct session *s, bool all);

/* The first running variance that has a value below 0, of which batch norm makes NaN; NULL: there is none. */
const struct ftmrt_state *negative_variance(const struct session *s);

/* The first of the n inputs in the session that has such a value, or -1. */
int64_t not_finite_input(const struct session *s, const struct config_input *input, int64_t n);

#endif
