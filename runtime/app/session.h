/* A program ready to run: its recipe, a workspace, buffers for one batch, and its weights. */
#ifndef FTMRT_APP_SESSION_H
#define FTMRT_APP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "ftmrt.h"
#include "loader.h"

/* The memory of the values of a role and name. */
struct session_buffer {
    enum ftmrt_role role;
    const char *name; /* the program's */
    void *data;
    void *memory; /* owned: where data is, unless session_point said otherwise */
};

struct session {
    const struct ftmrt_program *program;
    struct config config;
    void *workspace;
    size_t workspace_bytes;
    int threads;                    /* that compute and load; no more than it was opened for */
    uint32_t phase;                 /* of the training: whose entries run */
    int64_t first_step;             /* steps in front of it, from which the optimizer counts */
    int workers;                    /* threads that load ahead beside them */
    struct picture_cache *cache;    /* pictures that are kept between epochs, or NULL; owned */
    struct feature_cache *features; /* and features; owned */
    bool keeps;                     /* either, as config.cache says */
    char *cache_folder;             /* where features may be on disk, or NULL; owned */
    uint64_t feature_key;           /* of the phase's features there; 0: not known yet */
    int64_t prefix_samples;         /* for which the frozen prefix ran */
    struct weight_average *average; /* of the weights that train, or NULL; owned */
    struct {
        struct feature_table *table; /* where its features are kept, or NULL */
        const int64_t *samples;      /* its samples in that table */
    } batch;                         /* that is in the inputs */
    struct session_buffer
        *buffers; /* [buffer_count]: for what the entries take and give, features too */
    uint32_t buffer_count;
    float *inputs; /* the first of role INPUT: [max_batch, C, H, W] */
    void *
        labels; /* the first LABEL: [max_batch, ...], as the entry that runs takes them: config_input's labels */
    float *logits;        /* the first LOGITS: [max_batch, ...], output_count for each image */
    float *class_weights; /* [classes]: the CLASS_WEIGHT input, or NULL */
    const float
        *weight; /* the first WEIGHT: the mean weight of the batch's labels; NULL: it is 1 */
    double temperature, threshold; /* that go with the weights, as config has them */
    bool from_file;                /* the weights are those of a trained file, weights_from */
    char *weights_from;            /* what the weights were taken from, for messages */
    char *run;                     /* the folder of the run that they are of, or NULL */
    const struct ftmrt_training
        *training; /* that left them, where they are the program's own; or NULL */
};

/* Prepares everything, for so many threads, with the seed's initial weights (NULL: the recipe's seed; else it becomes
 * config.seed); false after a message. */
bool session_open(struct session *s, const struct ftmrt_program *p, int threads,
                  const uint64_t *seed);
/* Begins again with the initial weights of config.seed, and the first phase; what is kept of pictures and features stays. false after a
 * message. */
bool session_restart(struct session *s);
void session_close(struct session *s);

/* Says that so many samples are all that will be computed of: of few most of a batch's memory stays untouched, and large pages, which the
 * system may have to make room for first, take longer than they save. */
void session_expect(struct session *s, int64_t samples);

/* From here on entries take inputs and labels from this memory of the caller's, which is as large as the batches that they are
 * run for; NULL: from the session's own. */
void session_point(struct session *s, float *inputs, void *labels);

/* The memory of an output of that name that has no role of its own; NULL: there is none. */
float *session_output(const struct session *s, const char *name);

/* The memory of an input of that name, for max_batch images. */
float *session_input(const struct session *s, const char *name);

/* Keeps pictures, or features where the program has a prefix, from here on, as config.cache says. folder: for features on disk, NULL: none may
 * be there; taken. */
void session_keep(struct session *s, char *folder);

/* Keeps a mean of the weights from here on, if the recipe has one. */
void session_average(struct session *s);

/* From here on the entries of a phase run, and training goes by this optimizer, which counts its steps behind first_step. What was kept
 * of features is given up where it is another phase. */
void session_enter_phase(struct session *s, uint32_t phase, const struct ftmrt_call *optimizer,
                         int64_t first_step);

/* What the optimizer has kept becomes 0, as in a new run. */
void session_clear_slots(struct session *s);

/* A loader for the entries of a kind, with the recipe's seed, and with what the session keeps of the source's samples; epoch: of the
 * random draws (0 outside training). */
struct loader session_loader(struct session *s, enum ftmrt_entry_kind kind,
                             const struct source *source, uint64_t epoch);

/* Takes a batch of a session's loader, as session_point does: what is kept of its samples stands for the inputs that were not
 * made. It is to last until the session is pointed elsewhere. */
void session_take(struct session *s, const struct loader *l, const struct batch *b,
                  const int64_t *samples);

/* One batch of n already in s->inputs: logits in s->logits. */
bool session_predict(struct session *s, int64_t n);

/* The same from the entry `eval`, for a batch whose labels are in s->labels: its mean loss, and logits in s->logits. */
bool session_evaluate(struct session *s, int64_t n, float *loss);

/* What an answer comes from: the entry that says it, for a batch of n in s->inputs and shares of the outputs, f32 [n, classes], in s->labels. */
bool session_explain(struct session *s, int64_t n);

/* One step on a batch of n already in s->inputs and s->labels: its loss, and logits in s->logits. number: of the
 * step, from 1; lr: its learning rate; the optimizer's other scalars are the recipe's. */
bool session_train_step(struct session *s, int64_t n, int64_t number, double lr, float *loss);

/* Takes the weights of a trained file: every state must be there with its shape, and frozen tensors
 * must be equal to the program's own. false after a message, with the workspace unchanged. */
bool session_load(struct session *s, const char *path);

/* Writes all states but optimizer slots as safetensors: frozen ones byte for byte as in the
 * pretrained file, trained ones as f32. What the training was goes into the metadata. Replaces the file
 * atomically. false after a message. */
bool session_save(const struct session *s, const char *path, const struct ftmrt_training *training);

#endif
