/* What is said of the data before training: how many samples each class has, and what must go wrong with that. */
#ifndef FTMRT_APP_DATA_WARNINGS_H
#define FTMRT_APP_DATA_WARNINGS_H

#include "training_data.h"

/* Prints the classes with their samples in training, and warns of what is missing, of classes far apart, of one content in two classes,
 * and of pictures that are turned. Nothing of classes is said where labels are none. */
void data_warnings(const struct training_data *d, const struct config *c);

#endif
