/* Which samples of the training data validate. */
#ifndef FTMRT_APP_DATA_SPLIT_H
#define FTMRT_APP_DATA_SPLIT_H

#include "source.h"

/* How a split is made. Samples of one content, or of one group (source.h), stay on one side in all but the last. */
enum split_kind {
    SPLIT_CONTENT, /* by a threshold on a hash of seed and content: each sample on its own, so that one that is added, removed
                    * or renamed moves no other; near the share */
    SPLIT_EXACT, /* round(share) of each class, drawn by the seed from the samples in their order */
    SPLIT_FOLD, /* one of parts into which the samples of each class are dealt, by a permutation of the seed */
    SPLIT_FILE /* as a file says that was written before (split_file.h) */
};

struct split_rule {
    enum split_kind kind;
    const char *file;    /* of FILE: its path */
    int64_t fold, folds; /* of FOLD: from 1; how many */
    double percent;      /* of the others; 0: nothing validates */
    const char *group;   /* the pattern of groups, for messages; NULL: there is none */
    uint64_t seed;
    char **labels; /* names of the classes, [classes] */
    int64_t classes;
    int threads;
};

/* The parts of a source: samples in ascending order; owned. */
struct split {
    int64_t *train, *validation;
    int64_t train_count, validation_count;
};

/* Splits a source: a function of it and of the rule's kind, file, percent and seed alone. Where labels are classes, a class of
 * several samples has one on each side at least; what cannot be had is said. false after a message. */
bool split_open(struct split *s, const struct source *source, const struct split_rule *rule);
void split_free(struct split *s);

#endif
