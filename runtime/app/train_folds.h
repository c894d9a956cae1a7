/* `train --folds N`: N trainings, each with another part of the data that validates, and a last one on all of it. */
#ifndef FTMRT_APP_TRAIN_FOLDS_H
#define FTMRT_APP_TRAIN_FOLDS_H

#include "command.h"

/* Runs this program anew for each of them, with the command line's other options, and says what the folds came to: the mean of what was best
 * in validation, with its standard error. Returns an exit code. */
int train_folds(const struct ftmrt_program *p, const struct options *o);

#endif
