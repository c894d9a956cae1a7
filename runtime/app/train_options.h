/* Options of `train` that stand for settings of the recipe. */
#ifndef FTMRT_APP_TRAIN_OPTIONS_H
#define FTMRT_APP_TRAIN_OPTIONS_H

#include "command.h"
#include "config.h"
#include "run_record.h"

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

/* Options that go with --resume, up to NULL; all others are those of what goes on. */
extern const char *const train_options_with_resume[];

/* Takes the options of a run or search (`what`) that goes on from its record, and goes to the folder where they were given, from which their paths
 * start. *files, the caller's to free, is theirs. false after a message. */
bool train_options_past(const struct run_record *r, const char *what, struct options *past,
                        const char ***files);

#endif
