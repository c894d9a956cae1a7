/* A run's folder, runs/NAME-001/: everything that a training run leaves. Never overwritten.
 *
 *     recipe.ftm  run.json  metrics.csv  log.jsonl  split.csv  best.safetensors  last.safetensors
 *     predictions.csv  confusion.csv */
#ifndef FTMRT_APP_RUN_FOLDER_H
#define FTMRT_APP_RUN_FOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "trainer.h"

struct run_folder {
    char *path;
    FILE *metrics, *log;
};

/* Makes the next free folder below `runs` for the program; false after a message. */
bool run_folder_open(struct run_folder *r, const struct session *s, const char *runs, uint64_t seed,
                     int argc, char **argv);
void run_folder_close(struct run_folder *r);

/* The path of a file in the folder; allocated. */
char *run_folder_file(const struct run_folder *r, const char *name);
/* One line of log.jsonl for a step; one of it and one of metrics.csv for an epoch. */
void run_folder_step(struct run_folder *r, const struct step_result *s);
void run_folder_epoch(struct run_folder *r, const struct epoch_result *e);
bool run_folder_split(const struct run_folder *r, const struct split *s);
/* predictions.csv and confusion.csv of an evaluation. */
bool run_folder_predictions(const struct run_folder *r, const struct session *s,
                            const struct metrics *m);
/* run.json again, with the outcome. */
bool run_folder_finish(const struct run_folder *r, const struct session *s, uint64_t seed,
                       double seconds, const char *outcome);

/* The newest run of the program that has best.safetensors: that file's path, allocated, or NULL. */
char *run_folder_latest_best(const char *runs, const char *name);

#endif
