/* What a trained file says of the answers of its weights: how its probabilities are made true, and which are too small to answer. */
#ifndef FTMRT_APP_TRAINED_FACT_H
#define FTMRT_APP_TRAINED_FACT_H

#include <stdbool.h>

#include "safetensors.h"

#define FACT_TEMPERATURE "temperature"
#define FACT_THRESHOLD   "threshold"
#define MOST_TEMPERATURE 1e6

/* A number of the metadata, or `none` where there is none. false after a message: it is no number above 0 and not above `most`. */
bool trained_fact(const struct st_file *f, const char *path, const char *key, double none,
                  double most, double *value);

/* Puts a number into the metadata of the file, or takes it out (0); all else stays as it is. Replaces the file atomically. false after
 * a message. */
bool trained_fact_keep(const char *path, const char *key, double value);

/* A number as the metadata has it, in 9 decimals, which libraries read without libc's help; owned by the caller. */
char *trained_fact_text(double value);

#endif
