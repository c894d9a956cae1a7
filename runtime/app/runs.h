/* The runs in a folder, and which of them a program takes.
 *
 * A run belongs to a network (network_identity.h): those of the program's own network are its own, and it can take their weights. Two
 * recipes may have one network and learn from other data, so unless it is told a program takes what a recipe of its own name has begun, and
 * of that what has trained on the same data as its own recipe names, if there is any.
 * One of its own runs is current for it (run_mark.h): the one that eval, predict and selftest take. */
#ifndef FTMRT_APP_RUNS_H
#define FTMRT_APP_RUNS_H

#include <stdbool.h>
#include <stddef.h>

#include "ftmrt.h"
#include "run_record.h"

struct run {
    long number; /* unique in the folder of the runs */
    char *name;  /* of its folder: "digits-003" */
    char *path;  /* of its folder */
    struct run_record record;
    bool own;       /* of the program's network */
    bool same_name; /* and of a recipe of its name */
    bool same_data; /* that trained on the same data, as it is named there */
    bool current;   /* for this program */
};

/* In order of their numbers. */
struct runs {
    const struct ftmrt_program *program;
    char *folder, *key; /* key: the program's (run_mark.h) */
    struct run **at;
    size_t count;
};

/* The folder of the runs: `given`, else runs/ beside the program. Allocated. */
char *runs_folder(const char *given);

/* The folder in it where features of frozen layers are kept (feature_store.h). */
#define CACHE_FOLDER "cache"

/* Reads all runs in that folder (given: --runs, or NULL); one that has no record is none. Never fails: there may be none. */
void runs_read(struct runs *r, const struct ftmrt_program *p, const char *given);
void runs_free(struct runs *r);

/* The number of a run's folder ("digits-003"), or -1. */
long run_number(const char *name);

/* The own run that is current, or NULL; and what is taken where none is asked for: the current one, else the newest of the
 * program's name and data that has weights, else what was current for that name with other data, else the newest of the name, or NULL. A
 * program with trained weights in it has what it takes: no other than the current one. */
const struct run *runs_current(const struct runs *r);
const struct run *runs_default(const struct runs *r);

/* The run that a user names: by its number or name an own one, of several with a name one of the program's own name; by a path any. NULL
 * after a message. */
const struct run *runs_find(struct runs *r, const char *name);

/* Makes a run current for this program, and no other own one; for other programs nothing changes. false after a message. */
bool runs_use(const struct runs *r, const struct run *run);

/* Path of a run's best weights, allocated; and whether it has any. */
char *run_best(const struct run *run);
bool run_has_best(const struct run *run);

/* Whether it was cut short on purpose, or called a try: it never becomes current by itself. */
bool run_is_trial(const struct run *run);

/* How it ended: its record's outcome, or "killed" where that says that it runs and no process works on it. */
const char *run_outcome(const struct run *run);

/* The hash of the test data that it was measured on, or "". */
const char *run_test_hash(const struct run *run);

/* What differs from the program's network and recipe, or why that is not known; one line, allocated. */
char *run_strangeness(const struct run *run, const struct ftmrt_program *p);

/* The text of its recipe, or ""; allocated. */
char *run_recipe(const struct run *run);

/* The name of the recipe that began it. */
const char *run_program(const struct run *run);

#endif
