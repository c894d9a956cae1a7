/* A trial of a search that was done: what it tried, and what came of it; a line of search.jsonl. */
#ifndef FTMRT_APP_TRIAL_H
#define FTMRT_APP_TRIAL_H

#include <jansson.h>

#include "search_space.h"

/* One training of a trial. */
struct trial_run {
    uint64_t seed;
    int64_t epoch;         /* the best one */
    double score;          /* there in validation, by the recipe's `best`: higher is better */
    double loss, accuracy; /* and the figures there; NaN: the task has none */
    double seconds;
};

/* Figures are means over its trainings, whose seeds differ. */
struct trial {
    int64_t number;         /* from 1 */
    int64_t round;          /* from 1 (search_rounds.h) */
    int64_t epochs;         /* that it has been trained for */
    double *values;         /* [axes]; owned */
    char *failure;          /* why it has no figures, or NULL; owned */
    struct trial_run *runs; /* [run_count]; owned; none of a trial that was read */
    int64_t run_count;
    int64_t epoch; /* the best one of the first training */
    double score, loss, accuracy, seconds;
    double deviation; /* of the score; NaN: of one training there is none */
};

void trial_free(struct trial *t);

/* Adds a training; and takes the figures of all. */
void trial_add(struct trial *t, const struct trial_run *run);
void trial_settle(struct trial *t);

/* A line, a new reference; and back. false: it is none of a trial of that number in that round of this search. */
json_t *trial_json(const struct trial *t, const struct search_space *space);
bool trial_read(struct trial *t, const json_t *line, const struct search_space *space,
                int64_t round, int64_t number);

/* Below 0 if a is better: by its round, its score, its loss, then its number. What failed comes last. For qsort. */
int trial_compare(const void *a, const void *b);

#endif
