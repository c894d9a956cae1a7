/* What is said of the data before training: how many samples each class has, and what must go wrong with that. */
#ifndef FTMRT_APP_DATA_WARNINGS_H
#define FTMRT_APP_DATA_WARNINGS_H

#include "training_data.h"

/* Prints the classes with their samples in training, and warns of what is missing, of classes far apart or of few samples, of one content
 * in two classes, and of pictures (picture_warnings.h). Nothing of classes is said where labels are none. data_dir: --data, or NULL. */
void data_warnings(const struct training_data *d, const struct config *c, const char *data_dir);

#endif
