/* What a program that trains does with its runs where other commands take weights or measure. A program that only predicts has no runs:
 * its main does not name this, and nothing of it is linked. */
#ifndef FTMRT_APP_RUN_CHOICE_H
#define FTMRT_APP_RUN_CHOICE_H

#include "command.h"
#include "eval_data.h"
#include "metrics.h"
#include "session.h"

struct run_choice {
    /* Takes the weights of the run that --run names, else the current one's, and so on as weights_take says. */
    bool (*take)(struct session *s, const struct options *o);
    /* Whether there is a run whose weights would be taken. */
    bool (*has_run)(const struct session *s, const struct options *o);
    /* Keeps what the session's run did on the test data beside it. */
    void (*keep)(const struct session *s, const struct eval_data *d, const struct metrics *m,
                 json_t *result);
};

extern const struct run_choice run_choice;

/* Takes the weights that a new training starts from: of a run that a user names, or of a file. A run that was cut is refused: it goes on
 * with --resume. false after a message. */
bool run_choice_take_from(struct session *s, const char *from, const char *runs);

#endif
