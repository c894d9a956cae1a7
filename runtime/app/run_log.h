/* log.jsonl of a run, read: what its steps and epochs came to. */
#ifndef FTMRT_APP_RUN_LOG_H
#define FTMRT_APP_RUN_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Figures that there are not are NaN. */
struct run_log_epoch {
    double epoch, step, lr, train_loss, train_accuracy, validation_loss, validation_accuracy,
        seconds;
    bool validates; /* something does: the figures of it are, finite or not */
    char *phase;    /* owned; NULL: training has no phases */
};

struct run_log {
    double *step, *lr, *loss; /* [steps]: of each step */
    int64_t steps;
    struct run_log_epoch *epochs;
    int64_t epoch_count;
};

/* Reads the log of the run in a folder; lines that cannot be read are left out. Nothing is in it where there is none. */
void run_log_read(struct run_log *l, const char *folder);
void run_log_free(struct run_log *l);

/* Adds a line. false: it is neither a step nor an epoch. */
bool run_log_add(struct run_log *l, const char *line);

#endif
