/* Data sets in memory, and batches made of them. */
#ifndef FTMRT_APP_DATASET_H
#define FTMRT_APP_DATASET_H

#include <stdbool.h>
#include <stdint.h>

#include "array.h"
#include "config.h"

/* Samples with labels. 8-bit images are pictures and go through a transform; f32 arrays of the
 * network's own input shape [count, C, H, W] are taken as they are. */
struct dataset {
    char *name; /* for messages: the image file's path */
    struct array images;
    int64_t count, height, width;
    int channels;
    bool channels_last, ready; /* ready: f32 inputs */
    int32_t *labels;           /* NULL: unlabelled */
};

/* Loads one source; paths are relative to config.base, or looked up by their file name in data_dir
 * (may be NULL). Labels outside 0 .. classes-1 are an error. false after a message. */
bool dataset_load(struct dataset *d, const struct data_config *source, const struct config *c,
                  const char *data_dir);

/* Unlabelled samples from an .npy file. */
bool dataset_load_npy(struct dataset *d, const char *path, const struct config *c);
void dataset_free(struct dataset *d);

/* Writes samples order[0 .. n-1] (NULL: first, first + 1, ...) as inputs [n, C, H, W] and labels
 * [n] (may be NULL), in parallel. false after a message. */
bool dataset_batch(const struct dataset *d, const struct transform_pipeline *t,
                   const struct config *c, const int64_t *order, int64_t first, int64_t n,
                   float *inputs, int32_t *labels);

#endif
