/* What a recipe trains on and validates with: two sources, or the two sides of a split of one. */
#ifndef FTMRT_APP_TRAINING_DATA_H
#define FTMRT_APP_TRAINING_DATA_H

#include "sampling.h"

struct training_data {
    struct source train,
        validation;     /* validation.count 0: there is none, or it is a part of train */
    struct split split; /* of train; empty where validation is a source of its own */
    struct source unlabelled,
        all; /* pictures of which only teachers say something (count 0: none); train and they */
    int64_t *all_indices; /* of what trains, where a part of train does not; owned */
    int64_t no_label;     /* what stands for a label of theirs */
};

/* Opens what the recipe names, with the split of c's seed. data_dir: --data, or NULL. The split's validation may be empty. false
 * after a message, with d to be closed all the same. */
bool training_data_open(struct training_data *d, const struct config *c, const char *data_dir);
/* Splits the data anew, by c's seed. false after a message. */
bool training_data_split(struct training_data *d, const struct config *c);
void training_data_close(struct training_data *d);

/* The labelled samples that train, all that train, and those that validate (count 0: none). */
struct subset training_data_train(const struct training_data *d);
struct subset training_data_all(const struct training_data *d);
struct subset training_data_validation(const struct training_data *d);

/* Hashes, by so many threads: of all samples, those that validate too; and of those that validate, as what they are a part of (0
 * where there are none). Two runs with the same `split` validate with the same samples. false after a message. */
struct training_data_hashes {
    uint64_t data, split;
};
bool training_data_hash(const struct training_data *d, int threads,
                        struct training_data_hashes *hashes);

#endif
