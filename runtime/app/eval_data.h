/* The labelled samples that `eval` measures. */
#ifndef FTMRT_APP_EVAL_DATA_H
#define FTMRT_APP_EVAL_DATA_H

#include "training_data.h"

struct eval_data {
    bool validates;             /* the part that training validates with; else the test source */
    struct source test;         /* or */
    struct training_data share; /* whose validation is measured */
    bool foreign;               /* the share is none of the run's data: all of it is measured */
    struct subset samples;
};

/* Opens the part that is asked for: "test", "validation", or NULL: the test source, else what validates. A split is that of c's seed.
 * false after a message, with d to be closed all the same. */
bool eval_data_open(struct eval_data *d, const struct config *c, const char *part,
                    const char *data_dir);
/* Takes all samples where a share was to be measured and the data has not the hash of that which trained. */
bool eval_data_compare(struct eval_data *d, const char *data_hash, int threads);
void eval_data_close(struct eval_data *d);

/* A hash of the data that the samples are of, by so many threads; with the same one sample numbers mean the same. false after a
 * message. */
bool eval_data_hash(const struct eval_data *d, int threads, uint64_t *hash);

/* Its name in messages and files. */
const char *eval_data_part(const struct eval_data *d);

#endif
