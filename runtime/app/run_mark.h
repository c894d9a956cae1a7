/* For which programs a run is current: the file `current` in its folder has their names, a line each. */
#ifndef FTMRT_APP_RUN_MARK_H
#define FTMRT_APP_RUN_MARK_H

#include <stdbool.h>
#include <time.h>

#include "runs.h"

/* Whether the run is marked for the program of that name; when it was marked last, in *when, if that is not NULL. */
bool run_mark_has(const struct run *run, const char *program, struct timespec *when);

/* Marks the run for a program, or takes its mark away; marks for others stay. false after a message. */
bool run_mark_set(const struct run *run, const char *program);
bool run_mark_clear(const struct run *run, const char *program);

#endif
