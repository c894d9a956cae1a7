/* Where the running trial of a search is, in the folder of the search, so that it goes on there. */
#ifndef FTMRT_APP_TRIAL_CHECKPOINT_H
#define FTMRT_APP_TRIAL_CHECKPOINT_H

#include "checkpoint.h"
#include "weight_snapshot.h"

/* Of one training of a trial: two files, by their numbers. A trial whose files are not there, or of another level of instructions, begins anew. */
struct trial_checkpoint {
    char *states, *best; /* paths; owned */
    struct run_identity identity;
    double next;        /* on trainer_clock: when one is due */
    int64_t best_epoch; /* whose weights are in the file; 0: of none */
};

void trial_checkpoint_open(struct trial_checkpoint *c, const char *folder,
                           const struct run_identity *identity, int64_t round, int64_t trial,
                           int64_t training);
void trial_checkpoint_close(struct trial_checkpoint *c);

/* Whether one is due: every 5 minutes, but never for more than 1 % of the time. */
bool trial_checkpoint_due(const struct trial_checkpoint *c);

/* Writes the session's states and progress, and the weights of the best epoch. false after a message. */
bool trial_checkpoint_save(struct trial_checkpoint *c, const struct session *s,
                           const struct progress *p, const struct weight_snapshot *best);

/* Takes them up into a training that was set up to begin, as far as there are any: *found says so. false after a message. */
bool trial_checkpoint_take(struct trial_checkpoint *c, struct session *s, struct progress *p,
                           struct weight_snapshot *best, bool *found);

/* The training has ended. */
void trial_checkpoint_remove(const struct trial_checkpoint *c);

#endif
