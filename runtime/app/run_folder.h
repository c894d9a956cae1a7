/* A run's folder, runs/NAME-001/: everything that a training run leaves. Never overwritten.
 *
 *     recipe.ftm  run.json  metrics.csv  log.jsonl  split.csv  best.safetensors  last.safetensors
 *     validation.json  predictions.csv  confusion.csv  README.md  report.html  current */
#ifndef FTMRT_APP_RUN_FOLDER_H
#define FTMRT_APP_RUN_FOLDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "data_split.h"
#include "trainer.h"

/* The log is locked while a process trains in the folder. */
struct run_folder {
    char *path;
    FILE *metrics, *log;
    json_t *record; /* run.json */
};

/* Makes the next free folder runs/NAME-NNN, numbered through with those of all runs; its path, allocated, or NULL after a message. */
char *run_folder_make(const char *runs, const char *name);
/* Makes the next free folder below `runs` for the program, numbered through with those of all programs. facts: what run.json says
 * of how it was begun (run_facts.h), whose reference is taken. false after a message. */
bool run_folder_open(struct run_folder *r, const struct session *s, const char *runs,
                     json_t *facts);

/* Opens the run at `path` again and locks it; what a killed process left half written is removed. false after a message: another
 * process has it. */
bool run_folder_enter(struct run_folder *r, const char *path);
/* Cuts log.jsonl and metrics.csv to the lengths that they had (0: nothing was done yet) and marks the run as running. false
 * after a message: they are shorter. */
bool run_folder_go_on(struct run_folder *r, const struct session *s, int64_t log_bytes,
                      int64_t metrics_bytes);
/* Makes the lines so far durable and says how long the two files are. false after a message. */
bool run_folder_lengths(struct run_folder *r, int64_t *log_bytes, int64_t *metrics_bytes);

/* Removes a run in which nothing was done, if one was made, with all that is in its folder; r is to be closed. */
void run_folder_discard(struct run_folder *r);

void run_folder_close(struct run_folder *r);

/* Notes in the record what there is to do: samples, epochs, steps and batch. false after a message. */
bool run_folder_plan(const struct run_folder *r, const struct trainer *t);

/* The path of a file in the folder; allocated. */
char *run_folder_file(const struct run_folder *r, const char *name);
/* One line of log.jsonl for a step; one of it and one of metrics.csv for an epoch. */
void run_folder_step(struct run_folder *r, const struct step_result *s);
void run_folder_epoch(struct run_folder *r, const struct epoch_result *e);
/* split.csv (split_file.h) of the training data. */
bool run_folder_split(const struct run_folder *r, const struct source *source,
                      const struct split *s);
/* validation.json of an evaluation, and of those samples, where they have a class, predictions.csv and confusion.csv. */
bool run_folder_validation(const struct run_folder *r, const struct session *s,
                           const struct metrics *m, const struct subset *samples);
/* The first of them alone, under another name, in the folder of any run. */
bool run_predictions_write(const char *folder, const char *name, const struct session *s,
                           const struct metrics *m, const struct subset *samples);
/* Writes into the record of the run that is open that it was interrupted, and says on stderr what is left: for signal handlers. */
void run_folder_abandon(void);
/* run.json again, with the outcome and the final figures. */
bool run_folder_finish(struct run_folder *r, const struct session *s, const struct progress *p,
                       const char *outcome);

#endif
