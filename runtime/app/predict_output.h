/* What `predict` says of samples, in the forms that were asked for: lines, JSON, CSV, and the network's outputs as an array. */
#ifndef FTMRT_APP_PREDICT_OUTPUT_H
#define FTMRT_APP_PREDICT_OUTPUT_H

#include "config.h"

/* What is wanted. Nothing is owned. */
struct predict_forms {
    int64_t top; /* of ranked classes, the first so many; 0: the answer, or all that are answers */
    bool json;   /* a list on standard output, an object per line */
    bool lines;  /* the objects alone, each on a line of its own that goes out at once */
    const char *csv;    /* a file, "-": standard output; or NULL */
    const char *logits; /* an .npy file, or NULL */
};

struct predict_output;

/* Begins all of them. NULL after a message, before anything was written, if one of them could not be. */
struct predict_output *predict_output_open(const struct config *config,
                                           const struct predict_forms *forms);

/* Adds a sample. logits: [config->output_count], or NULL for one that could not be read: in JSON it has an error, in CSV empty
 * cells, in the array NaN, so that everywhere samples are as many and in the order in which they were named. false after a
 * message: the outputs are no numbers, which makes of a sample one that could not be read. */
bool predict_output_add(struct predict_output *o, const char *name, const float *logits);

/* Ends what was begun, and frees it. false after a message if something could not be written. */
bool predict_output_close(struct predict_output *o);

#endif
