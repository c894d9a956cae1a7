/* A trial of a search that was done: what it tried, and what came of it; a line of search.jsonl. */
#ifndef FTMRT_APP_TRIAL_H
#define FTMRT_APP_TRIAL_H

#include <jansson.h>

#include "search_space.h"

struct trial {
    int64_t number;  /* from 1 */
    double *values;  /* [axes]; owned */
    char *failure;   /* why it has no figures, or NULL; owned */
    int64_t epoch;   /* the best one */
    double score;    /* there in validation, by the recipe's `best`: higher is better */
    double loss;     /* and the figures there */
    double accuracy; /* NaN: the task has none */
    double seconds;
};

void trial_free(struct trial *t);

/* A line, a new reference; and back. false: it is none of a trial of that number in this search. */
json_t *trial_json(const struct trial *t, const struct search_space *space);
bool trial_read(struct trial *t, const json_t *line, const struct search_space *space,
                int64_t number);

/* Below 0 if a is better: by its score, then its loss, then its number. What failed comes last. For qsort. */
int trial_compare(const void *a, const void *b);

#endif
