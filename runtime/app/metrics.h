/* What an evaluation says: loss, accuracy, top-5, confusion matrix, and precision, recall and F1
 * per class. */
#ifndef FTMRT_APP_METRICS_H
#define FTMRT_APP_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"

struct metrics {
    int64_t classes, count, correct, top5;
    double loss_sum;    /* the recipe's loss, summed over samples */
    double nll_sum;     /* negative log-likelihood of the labels, summed over samples */
    int64_t *confusion; /* [label][predicted] */
    int32_t *labels, *predicted;
    float *confidence; /* of the prediction, per sample */
    int64_t capacity;
};

/* Figures of no sample yet. classes: at least 1; capacity: the most samples that are kept, further ones are not counted. Memory
 * is app_alloc's, which ends the program if there is none, and m's until metrics_free. */
void metrics_init(struct metrics *m, int64_t classes, int64_t capacity);
void metrics_free(struct metrics *m);

/* Adds a batch: logits [n, classes], labels [n], and its mean loss as the recipe defines it. Ties go to the lower class. */
void metrics_add(struct metrics *m, const float *logits, const int32_t *labels, double loss,
                 int64_t n);

/* Means over the samples; 0 if there are none. metrics_loss is the recipe's loss (label smoothing included), metrics_nll
 * the plain negative log-likelihood -log softmax(logits)[label], in double precision. */
double metrics_accuracy(const struct metrics *m);
double metrics_loss(const struct metrics *m);
double metrics_nll(const struct metrics *m);

/* Per class; 0 where nothing was predicted or labelled (as scikit-learn with zero_division=0). */
double metrics_precision(const struct metrics *m, int64_t k);
double metrics_recall(const struct metrics *m, int64_t k);
double metrics_f1(const struct metrics *m, int64_t k);

void metrics_print(const struct metrics *m, const struct config *c, FILE *out);
bool metrics_print_json(const struct metrics *m, const struct config *c, const char *weights,
                        FILE *out);

/* The class of the largest logit of one row; ties go to the lower class. */
int32_t predicted_class(const float *logits, int64_t classes);

/* Probabilities of the classes from one row of logits, in double precision; returns log(sum exp(logits)). */
double probabilities(const float *logits, int64_t classes, double *out);

#endif
