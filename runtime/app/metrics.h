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
    double loss_sum;    /* over samples */
    int64_t *confusion; /* [label][predicted] */
    int32_t *labels, *predicted;
    float *confidence; /* of the prediction, per sample */
    int64_t capacity;
};

void metrics_init(struct metrics *m, int64_t classes, int64_t capacity);
void metrics_free(struct metrics *m);

/* Adds a batch: logits [n, classes], labels [n]. Ties go to the lower class. */
void metrics_add(struct metrics *m, const float *logits, const int32_t *labels, int64_t n);

double metrics_accuracy(const struct metrics *m);
double metrics_loss(const struct metrics *m);

/* Per class; 0 where nothing was predicted or labelled (as scikit-learn with zero_division=0). */
double metrics_precision(const struct metrics *m, int64_t k);
double metrics_recall(const struct metrics *m, int64_t k);
double metrics_f1(const struct metrics *m, int64_t k);

void metrics_print(const struct metrics *m, const struct config *c, FILE *out);
bool metrics_print_json(const struct metrics *m, const struct config *c, const char *weights,
                        FILE *out);

/* The class of the largest logit of one row; ties go to the lower class. */
int32_t predicted_class(const float *logits, int64_t classes);

/* Softmax of one row in double precision. */
void softmax(const float *logits, int64_t classes, double *out);

#endif
