/* What is said of the phases of a training while it runs, and at its end. */
#ifndef FTMRT_APP_PHASE_WORDS_H
#define FTMRT_APP_PHASE_WORDS_H

#include "trainer.h"

/* A phase that is done: how far it came in validation, and what that is beside what was before it. */
void phase_words_done(const struct trainer *t, const struct phase_result *r);

/* The end: whether the last phase gained anything in validation over those before it, and whose weights are kept. Nothing where there is
 * one phase, or no validation. */
void phase_words_gain(const struct trainer *t);

#endif
