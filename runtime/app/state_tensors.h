/* States of a session as tensors of a file: what trained files and checkpoints share. */
#ifndef FTMRT_APP_STATE_TENSORS_H
#define FTMRT_APP_STATE_TENSORS_H

#include "safetensors.h"
#include "session.h"

/* Fills the tensor of a state; its data is allocated unless it lies in the blob: state_tensor_free frees it. false after a
 * message. */
bool state_tensor_take(const struct session *s, uint32_t state, struct st_tensor *t);
void state_tensor_free(const struct session *s, const struct st_tensor *t);

/* Whether a file's tensor (NULL: it has none) may become that mutable state; false after a message. */
bool state_tensor_check(const struct ftmrt_state *state, const struct st_tensor *t,
                        const char *path);

/* Writes a checked tensor to its state; false after a message. */
bool state_tensor_give(struct session *s, uint32_t state, const struct st_tensor *t,
                       const char *path);

/* A safetensors file, mapped; st points into it. */
struct state_file {
    struct st_file st;
    void *data;
    size_t size;
};
bool state_file_open(struct state_file *f, const char *path); /* false after a message */
void state_file_close(struct state_file *f);

#endif
