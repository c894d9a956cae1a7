/* The gate of `eval --no-worse-than RUN`. */
#ifndef FTMRT_APP_NO_WORSE_H
#define FTMRT_APP_NO_WORSE_H

#include "command.h"
#include "eval_data.h"
#include "metrics.h"
#include "session.h"

/* Whether an evaluation is no worse than the run that o names, by the predictions in its folder, on the samples that both have: worse is
 * what has fewer right, by more than chance would in one of twenty comparisons of equally good runs (McNemar's exact test), and what has a
 * class whose share of right ones fell likewise (Newcombe's interval of the difference). Says the figures of both on stderr; false
 * after a message. */
bool no_worse(const struct session *s, const struct eval_data *d, const struct metrics *m,
              const struct options *o);

#endif
