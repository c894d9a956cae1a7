/* From samples of a source to inputs and labels of an entry. */
#ifndef FTMRT_APP_LOADER_H
#define FTMRT_APP_LOADER_H

#include "feature_cache.h"
#include "picture_cache.h"
#include "sampling.h"

/* How samples become inputs and labels; nothing is owned and nothing changes, so that many threads may use one. (A table of kept
 * pictures fills, which changes no result.) */
struct loader {
    const struct source *source;
    struct ftmrt_transform_task task; /* its draw.epoch is the running one */
    const struct config_input *input; /* what the labels are, and what mixes samples */
    struct picture_table *table;      /* pictures that are kept, or NULL */
    struct feature_table
        *features; /* or this: of samples whose features are kept no input is made */
};

/* What one thread needs while it makes a sample. */
struct loader_space {
    struct buffer field, fixed, work;
};
void loader_space_free(struct loader_space *s);

/* Samples beside each other. */
struct batch {
    int64_t n;
    float *inputs; /* [n, C, H, W] */
    void *labels;  /* by the input's kind: int32_t [n], float [n, classes], int32_t [n, H, W] */
};

/* A loader for an input of the network, with the recipe's seed; epoch: of the random draws (0 outside training). */
struct loader loader_of(const struct source *s, const struct config_input *input, uint64_t seed,
                        uint64_t epoch);

/* Writes sample i: input [C, H, W], unless its features are kept, and its label where the source has one (a mask behind the transform of its picture). A
 * function of the sample and of the draw's keys. Any number of threads may run it at once, each with a space of its own.
 * false after a message. */
bool loader_sample(const struct loader *l, struct loader_space *space, int64_t i, float *input,
                   void *label);

/* Runs the loader's transforms on any picture; name: for the message if the size is not the network's. */
bool loader_picture(const struct loader *l, struct loader_space *space,
                    const struct ftmrt_picture *picture, const char *name, float *out);

/* Elements of a sample's input, and bytes of its label. */
int64_t loader_input_elements(const struct loader *l);
size_t loader_label_bytes(const struct loader *l);

/* Writes sample k of `out`, which is source sample i: what the loader's `mix` makes of it and the others of `batch`. Any number of
 * threads may run it at once. */
void loader_mix(const struct loader *l, const struct batch *batch, int64_t k, int64_t i,
                const struct batch *out);

#endif
