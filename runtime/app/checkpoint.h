/* Checkpoints: everything that a run needs to go on, in one file.
 *
 * All mutable states, the optimizer's slots and the mean of the weights included, and struct progress as tensors `progress/NAME`. The file is there
 * as a whole or not at all. It belongs to one program, recipe and data: its metadata says which. */
#ifndef FTMRT_APP_CHECKPOINT_H
#define FTMRT_APP_CHECKPOINT_H

#include "progress.h"
#include "session.h"

/* What a run is made of: it can only go on where all this is the same, but for the level, which is said. */
struct run_identity {
    char program[17], recipe[17], data[17]; /* hashes, as text */
};

/* The program's tables, weights and compiler; its recipe; and the data's fingerprint. */
struct run_identity run_identity(const struct ftmrt_program *p, uint64_t data);

/* Writes a checkpoint durably, in the place of an older one. false after a message. */
bool checkpoint_save(const struct session *s, const struct progress *p,
                     const struct run_identity *id, const char *path);

/* Takes a checkpoint up: states into the session, progress into p, which holds what the run was started with (seed,
 * total_steps, lr: they must be the same). false after a message that says what differs, with both unchanged. */
bool checkpoint_load(struct session *s, struct progress *p, const struct run_identity *id,
                     const char *path);

#endif
