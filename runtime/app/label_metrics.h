/* Answers and labels of a yes or no for each class, kept sample by sample for figures that need their order. */
#ifndef FTMRT_APP_LABEL_METRICS_H
#define FTMRT_APP_LABEL_METRICS_H

#include <stdbool.h>
#include <stdint.h>

struct label_metrics {
    int64_t classes, capacity, count; /* of samples; those that are kept */
    float *scores; /* [classes, capacity]: logits; NULL: they would be too many */
    bool *yes;     /* likewise: labels */
};

/* Room for so many samples; app_alloc's. Above 2^26 answers nothing is kept. */
void label_metrics_init(struct label_metrics *m, int64_t classes, int64_t capacity);
void label_metrics_free(struct label_metrics *m);

/* Adds a sample: logits and shares, [classes]; a share above 1/2 is a yes. */
void label_metrics_add(struct label_metrics *m, const float *logits, const float *shares);

/* The area under precision over recall of a class, as scikit-learn's average_precision_score: the mean precision at each yes, equal
 * logits being one. NAN: the class has no yes, or nothing was kept. */
double label_metrics_average_precision(const struct label_metrics *m, int64_t k);

/* The area under the ROC curve of a class, as scikit-learn's roc_auc_score: the share of pairs of a yes and a no that are ranked right, equal
 * logits half. NAN: the class has no yes, or no no, or nothing was kept. */
double label_metrics_roc_auc(const struct label_metrics *m, int64_t k);

/* The logit above which a yes to the class has the best F1: between two neighbours, of several the highest. 0 where the class has no
 * yes, or nothing was kept. */
double label_metrics_best_f1(const struct label_metrics *m, int64_t k);

#endif
