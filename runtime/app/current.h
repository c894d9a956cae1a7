/* Which run becomes current. */
#ifndef FTMRT_APP_CURRENT_H
#define FTMRT_APP_CURRENT_H

#include "runs.h"

/* Decides for a run at `path` (with its folder in front), which has ended. A finished one becomes current, unless the current one
 * validates with the same samples and is better; one that was cut short, interrupted, or called a try never does. Says on stderr which
 * one stays, or that the trained weights in the program do, and how to change that. */
void current_settle(const struct ftmrt_program *p, const char *path);

/* Whether two runs validate with the same samples; and whether a's best epoch is better than b's: by accuracy, then by loss. */
bool runs_share_split(const struct run *a, const struct run *b);
bool run_is_better(const struct run *a, const struct run *b);

/* A run's best figure in validation, "97.25 %" or "loss 0.1234", or "-"; allocated. */
char *run_best_text(const struct run *run);

#endif
