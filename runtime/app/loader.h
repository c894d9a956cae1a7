/* From samples of a source to inputs of an entry. */
#ifndef FTMRT_APP_LOADER_H
#define FTMRT_APP_LOADER_H

#include "sampling.h"

/* How samples become inputs; nothing is owned and nothing changes, so that many threads may use one. */
struct loader {
    const struct source *source;
    struct ftmrt_transform_task task; /* its draw.epoch is the running one */
};

/* What one thread needs while it makes a sample. */
struct loader_space {
    struct buffer field, work;
};
void loader_space_free(struct loader_space *s);

/* A loader for an input of the network, with the recipe's seed; epoch: of the random draws (0 outside training). */
struct loader loader_of(const struct source *s, const struct config_input *input, uint64_t seed,
                        uint64_t epoch);

/* Writes the input [C, H, W] of sample i. false after a message. */
bool loader_input(const struct loader *l, struct loader_space *space, int64_t i, float *out);

/* Runs the loader's transforms on any picture; name: for the message if the size is not the network's. */
bool loader_picture(const struct loader *l, struct loader_space *space,
                    const struct ftmrt_picture *picture, const char *name, float *out);

/* Writes samples indices[first ...] (NULL: first, first + 1, ...), n of them, as inputs [n, C, H, W] and labels [n] (0
 * where there are none), by all threads. false after a message. */
bool loader_batch(const struct loader *l, const int64_t *indices, int64_t first, int64_t n,
                  float *inputs, int32_t *labels);

#endif
