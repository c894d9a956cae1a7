/* Options of `train` that stand for settings of the recipe. */
#ifndef FTMRT_APP_TRAIN_OPTIONS_H
#define FTMRT_APP_TRAIN_OPTIONS_H

#include "command.h"
#include "config.h"

/* --batch, --weight-decay and --momentum instead of what the recipe says, as far as the compiled program can: c's optimizer is then a
 * call of c's own. false after a message. */
bool train_options_take(struct config *c, const struct ftmrt_program *p, const struct options *o);

#endif
