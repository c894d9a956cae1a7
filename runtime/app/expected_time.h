/* How long a training will take, from its first steps. */
#ifndef FTMRT_APP_EXPECTED_TIME_H
#define FTMRT_APP_EXPECTED_TIME_H

#include "trainer.h"

enum { TIMED_STEPS = 10 };

/* The steps of this process so far; zero before the first. The first one is left out: memory is touched for the first time. */
struct expected_time {
    int64_t steps;
    double first, last; /* ends of the first and the last, on trainer_clock */
};

/* Counts a step in. */
void expected_time_step(struct expected_time *e);

/* Seconds that a step takes; at least two must be counted. */
double expected_time_of_step(const struct expected_time *e);

/* How many steps take so many seconds, validations after each epoch included; at least 1. Timed in a process of its own, so that nothing of
 * the training has begun afterwards. false after a message. */
bool expected_time_fit(struct trainer *t, double seconds, int64_t *steps);

/* Does TIMED_STEPS real steps, then a batch of validation, and prints how long all of it would take. Nothing is saved. false after a
 * message. */
bool expected_time_dry_run(struct trainer *t);

#endif
