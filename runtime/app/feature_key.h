/* What features depend on beside the sample, as a number: by it those that are on disk are known. */
#ifndef FTMRT_APP_FEATURE_KEY_H
#define FTMRT_APP_FEATURE_KEY_H

#include "config.h"
#include "ftmrt.h"

/* Of a prefix: what it computes and with which code, and the weights that it reads, those in the workspace by their values; and how
 * picture files become pixels. */
uint64_t feature_key(const struct ftmrt_program *p, const void *workspace, const struct config *c,
                     const struct ftmrt_entry *prefix);

/* The key behind a pipeline, of the samples of a source of that kind. */
uint64_t feature_key_behind(uint64_t key, const struct ftmrt_pipeline *p, enum field_kind kind);

#endif
