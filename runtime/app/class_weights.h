/* Class weights of a loss that follow from the training data: `weight = balanced`. */
#ifndef FTMRT_APP_CLASS_WEIGHTS_H
#define FTMRT_APP_CLASS_WEIGHTS_H

#include "safetensors.h"
#include "session.h"
#include "training_data.h"

/* Whether the recipe's loss has them. */
bool class_weights_balanced(const struct session *s);

/* Sets those of what trains: of a class with m of n samples among k classes n / (k m), so that all classes weigh the same and a sample 1
 * on average; of a class without samples 1. Says them. Source: scikit-learn's compute_class_weight("balanced"). */
void class_weights_count(struct session *s, const struct training_data *data);

/* Them as text for a trained file, allocated; NULL: there are none. And back from a file: without such a text all are 1, as for a file of
 * another recipe. */
char *class_weights_text(const struct session *s);
void class_weights_take(struct session *s, const struct st_file *f);

#endif
