/* What is said of samples before training beside their classes: pictures that lie on their sides or are stretched, and samples that are
 * nearly or wholly the same in training and in what is measured. */
#ifndef FTMRT_APP_PICTURE_WARNINGS_H
#define FTMRT_APP_PICTURE_WARNINGS_H

#include "config.h"
#include "training_data.h"

/* Says it on stderr, a line of each kind at most. `test` is opened for it if it lists pictures, in data_dir (--data) or where the recipe
 * has it. */
void picture_warnings(const struct training_data *d, const struct config *c, const char *data_dir);

#endif
