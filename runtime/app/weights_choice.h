/* Which weights a command takes. */
#ifndef FTMRT_APP_WEIGHTS_CHOICE_H
#define FTMRT_APP_WEIGHTS_CHOICE_H

#include "command.h"
#include "session.h"

/* Takes those that --weights or --run names, else the current run's, else the trained ones in the program, else the newest own run's,
 * else the pretrained ones, and notes which in s->weights_from, s->run and s->training. false after a message: where new layers were
 * never trained, too. */
bool weights_take(struct session *s, const struct options *o);

/* Whether files have had values for all parameters, and notes that the program's own weights are taken; true. */
bool weights_all_known(const struct ftmrt_program *p);
bool weights_take_own(struct session *s);

/* Whether weights_take finds trained weights, or needs none. */
bool weights_are_trained(const struct session *s, const struct options *o);

/* Says on stderr what was taken; true. */
bool weights_say(const struct session *s);

#endif
