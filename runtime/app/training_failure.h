/* Why a training ended with numbers that are not finite, in words. */
#ifndef FTMRT_APP_TRAINING_FAILURE_H
#define FTMRT_APP_TRAINING_FAILURE_H

#include "trainer.h"

/* Of a trainer whose outcome is TRAINER_NOT_FINITE; allocated. */
char *training_failure(const struct trainer *t);

#endif
