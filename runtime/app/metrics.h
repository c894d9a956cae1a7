/* What an evaluation says: the loss, and what means something for the recipe's task (enum task): accuracy, top-5, calibration,
 * confusion matrix, and precision, recall, F1 and areas under curves per class; the share of right labels; errors of numbers; the share of right pixels. */
#ifndef FTMRT_APP_METRICS_H
#define FTMRT_APP_METRICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "label_metrics.h"
#include "number_metrics.h"

struct metrics {
    enum task task;
    int64_t classes, count;
    int64_t pixels;         /* of an image's outputs; 1, where they are no map */
    double loss_sum;        /* the recipe's loss, summed over samples, each times its weight */
    double weight_sum;      /* of the samples in that loss; their number where it has no weights */
    int64_t correct;        /* samples; labels of LABELS; pixels of PIXELS */
    int64_t judged;         /* PIXELS: those whose label counts */
    const int64_t *ignored; /* PIXELS: the label that does not, config's; or NULL */
    int64_t whole;          /* LABELS: samples all of whose labels are right */
    struct number_metrics *numbers; /* NUMBERS: [classes] */
    /* CLASS and LABELS, [classes]: samples that are labelled as a class, that are predicted as it, and both */
    int64_t *samples_of, *predicted_as, *right_of;
    struct label_metrics ranks; /* likewise; those of CLASS are logarithms of probabilities */
    double *thresholds;         /* LABELS, [classes]: logits above which a label is given */
    /* CLASS: */
    int64_t top5;
    double nll_sum;     /* negative log-likelihood of the labels, summed over samples */
    int64_t *confusion; /* [label][predicted], of those that have an answer */
    int32_t *labels, *predicted;
    double temperature;      /* by which logits are divided in confidence; config's */
    double threshold;        /* of confidence, below which a class is unknown; config's */
    float *confidence;       /* of the prediction, per sample */
    float *plain_confidence; /* the same with the temperature 1 */
    double *p;               /* [classes]: probabilities of the running sample */
    float *log_p, *is_label; /* likewise: logarithms of them, and 1 for the label, else 0 */
    int64_t not_finite;      /* samples whose logits are not: they have no answer, which is wrong */
    int64_t capacity;
};

/* Figures of no sample yet, for c's task. capacity: the most samples that are kept, further ones are not counted. Memory is
 * app_alloc's, which ends the program if there is none, and m's until metrics_free. */
void metrics_init(struct metrics *m, const struct config *c, int64_t capacity);
void metrics_free(struct metrics *m);

/* Judges LABELS that were added anew, by c's thresholds. Nothing where their answers were not kept. */
void metrics_judge(struct metrics *m, const struct config *c);

/* Whether accuracy means something for a task. */
bool task_has_accuracy(enum task task);

/* Adds a batch: logits [n, classes, pixels]; labels [n] and [n, pixels] of int32_t, or [n, classes] of float, by the task;
 * its mean loss as the recipe defines it, and the mean weight of a sample in it. Ties go to the lower class. */
void metrics_add(struct metrics *m, const float *logits, const void *labels, double loss,
                 double weight, int64_t n);

/* Means over the samples; 0 if there are none; accuracy is that of samples, or of the
 * pixels whose label counts, and NaN where the task has none.
 * metrics_loss is the recipe's loss (label smoothing and class weights included: of one batch with all samples), metrics_nll
 * the plain negative log-likelihood -log softmax(logits)[label], in double precision. */
double metrics_accuracy(const struct metrics *m);
double metrics_loss(const struct metrics *m);
double metrics_nll(const struct metrics *m);

/* Per class; 0 where nothing was predicted or labelled (as scikit-learn with zero_division=0). */
double metrics_precision(const struct metrics *m, int64_t k);
double metrics_recall(const struct metrics *m, int64_t k);
double metrics_f1(const struct metrics *m, int64_t k);

/* The mean of F1 over the classes of which there is a label or an answer; 0 where there are none. */
double metrics_macro_f1(const struct metrics *m);
/* The mean of recall over the classes of which there is a label. */
double metrics_balanced_accuracy(const struct metrics *m);

/* What figure number i of metrics_json, from 0, is called: in JSON and for people, with a note or "". false behind the last. */
struct metrics_title {
    const char *name, *title, *note;
    bool percent;
};
bool metrics_title(int i, struct metrics_title *title);

/* For people. Where no sample has a finite answer there is no figure. */
void metrics_print(const struct metrics *m, const struct config *c, FILE *out);
/* The same as JSON: a figure that is not finite is null. A new reference. */
json_t *metrics_json(const struct metrics *m, const struct config *c);

/* Probabilities of the classes from one row of logits, each divided by the temperature, in double precision; returns
 * log(sum exp(logits / temperature)). */
double probabilities(const float *logits, int64_t classes, double temperature, double *out);

#endif
