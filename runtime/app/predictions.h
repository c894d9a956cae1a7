/* Predictions of a run, sample by sample: what predictions.csv and test_predictions.csv say, or an evaluation. Runs of any programs are
 * compared by them, on the samples and classes that both have by name. */
#ifndef FTMRT_APP_PREDICTIONS_H
#define FTMRT_APP_PREDICTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "shares.h"

struct prediction {
    char *sample, *label, *predicted; /* predicted: "" where there was no answer */
    double confidence;                /* of the answer; NaN: not known */
    int64_t place;                    /* of its line in the file, from 0 */
};

struct predictions {
    struct prediction *at; /* in the order of their samples' names */
    int64_t count;
};

/* Reads such a file. false where there is none, or, after a message, where it is no such file. */
bool predictions_read(struct predictions *p, const char *path);
void predictions_free(struct predictions *p);

/* Adds a sample; texts are copied. predictions_sort: behind the last. */
void predictions_add(struct predictions *p, const char *sample, const char *label,
                     const char *predicted);
void predictions_sort(struct predictions *p);

/* Whether samples are known by numbers, as those of arrays, which mean the same in the same data only. */
bool predictions_are_numbered(const struct predictions *p);

/* Two runs on the samples that both have with the same label. */
struct paired predictions_pair(const struct predictions *a, const struct predictions *b);

struct label_pairs {
    const char *name; /* a's */
    struct paired pairs;
};

/* The same for each label of these samples, in their order; allocated. */
struct label_pairs *predictions_pair_labels(const struct predictions *a,
                                            const struct predictions *b, size_t *count);

/* A line for each label of the pairs: how many samples, and the share of them that each has right. */
void predictions_print_labels(const struct predictions *a, const struct predictions *b, FILE *out);

#endif
