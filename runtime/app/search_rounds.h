/* Rounds of a search that halves (successive halving: Jamieson and Talwalkar, AISTATS 2016): all trials are trained for a part of their
 * epochs, the best of them for `factor` times as many, and so on up to all. What is done next depends on results alone. */
#ifndef FTMRT_APP_SEARCH_ROUNDS_H
#define FTMRT_APP_SEARCH_ROUNDS_H

#include "trial.h"

struct search_rounds {
    int64_t trials, factor, count; /* count 1: every trial has all of its epochs at once */
};

/* As many rounds as trials, and the fewest epochs that one has, can be divided by the factor (0: one round). */
struct search_rounds search_rounds_of(int64_t trials, int64_t factor, int64_t epochs);

/* How many trials a round, from 1, has at most. */
int64_t search_round_size(const struct search_rounds *r, int64_t round);
/* The epochs there of a trial that has so many in the end. */
int64_t search_round_epochs(const struct search_rounds *r, int64_t round, int64_t epochs);

/* Behind the results that there are, in their order: which trial comes next, in which round. false: none. */
bool search_rounds_next(const struct search_rounds *r, const struct trial *results, int64_t done,
                        int64_t *round, int64_t *number);

/* The last result of each trial, of one that failed in a later round that before it, in *out, owned by the caller, with values and texts that stay the results'; how many. */
int64_t search_rounds_last(const struct trial *results, int64_t done, struct trial **out);

#endif
