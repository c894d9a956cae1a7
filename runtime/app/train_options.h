/* Options of `train` that stand for settings of the recipe. */
#ifndef FTMRT_APP_TRAIN_OPTIONS_H
#define FTMRT_APP_TRAIN_OPTIONS_H

#include "command.h"
#include "config.h"

/* --batch, --weight-decay and --momentum instead of what the recipe says, as far as the compiled program can: c's optimizer is then a
 * call of c's own. false after a message. */
bool train_options_take(struct config *c, const struct ftmrt_program *p, const struct options *o);

/* The arguments of a command line without some options, with room for so many more and a NULL; *count: how many there are. The caller frees the list
 * and what is in it. */
char **train_options_without(const struct options *o, const char *const *names, int room,
                             int *count);

/* The options with so many epochs and steps in the place of --minutes, arguments too: the record of the run has these, so that it goes on with as
 * many. fitted->argv and what is in it are the caller's to free. */
void train_options_fit(struct options *fitted, const struct options *o, int64_t epochs,
                       int64_t steps);

#endif
