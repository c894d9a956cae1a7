/* For which programs a run is current: the file `current` in its folder has their keys, a line each. A key is what a recipe is called and
 * a hash of the data that it trains on: a copy of a recipe for other pictures is another one. */
#ifndef FTMRT_APP_RUN_MARK_H
#define FTMRT_APP_RUN_MARK_H

#include <stdbool.h>
#include <time.h>

#include "runs.h"

/* The key of a recipe: "photos 0123456789abcdef", from its name and its text with every default filled in; allocated. */
char *run_mark_key(const char *name, const char *recipe);

/* Whether the run is marked for a program; when it was marked last, in *when, if that is not NULL. */
bool run_mark_has(const struct run *run, const char *key, struct timespec *when);

/* Whether it is marked for the key's name, whatever the data. */
bool run_mark_has_name(const struct run *run, const char *key);

/* Marks the run for a program, or takes its mark away; marks for others stay. false after a message. */
bool run_mark_set(const struct run *run, const char *key);
bool run_mark_clear(const struct run *run, const char *key);

#endif
