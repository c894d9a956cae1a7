/* The gate of `eval --no-worse-than RUN`. */
#ifndef FTMRT_APP_NO_WORSE_H
#define FTMRT_APP_NO_WORSE_H

#include "command.h"
#include "eval_data.h"
#include "metrics.h"
#include "session.h"

/* Whether at least as many of the samples that both have are right in an evaluation as for the run that o names, by the predictions that
 * are in its folder. Says the figures of both on stderr; false after a message. */
bool no_worse(const struct session *s, const struct eval_data *d, const struct metrics *m,
              const struct options *o);

#endif
