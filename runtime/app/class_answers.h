/* Predictions of a run, counted by class. */
#ifndef FTMRT_APP_CLASS_ANSWERS_H
#define FTMRT_APP_CLASS_ANSWERS_H

#include <jansson.h>

#include "predictions.h"

struct class_answers {
    struct predictions all; /* in the order of their lines */
    int64_t classes;
    const char **names;                            /* [classes], of `all` and of the figures */
    int32_t *label, *predicted;                    /* [all.count]; NO_ANSWER */
    int64_t *samples_of, *predicted_as, *right_of; /* [classes] */
    int64_t right, answered;
};

enum { NO_ANSWER = -1 };

/* Reads a file of predictions. figures: of the same evaluation (metrics_json), whose classes come first, in their order; it must outlive a; or
 * NULL. false where there is no such file or nothing in it, with a empty. */
bool class_answers_read(struct class_answers *a, const char *path, const json_t *figures);
void class_answers_free(struct class_answers *a);

/* The share of the class that has most samples: what always the same answer would reach. */
double class_answers_largest(const struct class_answers *a);

/* So many samples with this label have this answer. */
struct confusion_count {
    int32_t label, predicted;
    int64_t count;
};
/* Wrong answers, the most frequent first; *count: how many kinds there are. Allocated. */
struct confusion_count *class_answers_confusions(const struct class_answers *a, int64_t *count);

#endif
