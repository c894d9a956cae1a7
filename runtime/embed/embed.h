/* What the files of the library are written with. */
#ifndef FTMRT_EMBED_H
#define FTMRT_EMBED_H

#include <stdarg.h>
#include <stdbool.h>

#include "ftmx.h"
#include "network.h"
#include "transform.h"

/* The tables of the recipe: the library's own, in another object. */
extern const struct ftmrt_program ftmx_program __attribute__((visibility("hidden")));

/* ---- models ---- */

/* What an ftmx_model is. */
struct model {
    uint64_t magic;
    struct ftmrt_program program; /* the library's, with the model's blob */
    const char
        *names; /* of the classes, each behind the NUL of the one before; NULL: the recipe's */
    const char *
        source; /* facts of the weight file, likewise; NULL: those of the program, if it knows it */
    void (*release)(struct model *m); /* what else ends with the model, or NULL */
    void *map;                        /* the file that it has mapped, [map_bytes] */
    size_t map_bytes;
};

_Static_assert(sizeof(struct model) <= sizeof(ftmx_model), "ftmx_model is too small");

/* NULL: it is none, or none that is open. */
const struct model *model_of(const ftmx_model *model);

/* Opens a model as ftmx_model_open does; *model becomes what it writes there. */
ftmx_status model_make(struct model *model, uint32_t abi, const void *packed, size_t bytes);

/* Puts an open model into the caller's memory. */
void model_put(ftmx_model *model, const struct model *opened);

/* What is known of the weight file, *source; false: nothing is. */
bool model_source(const struct model *m, struct ftmrt_source *source);

/* As ftmx_class_name. */
const char *model_class_name(const struct model *m, int64_t i);

/* The call that a setting of its recipe is; NULL: there is none. */
const struct ftmrt_call *model_setting(const struct model *m, enum ftmrt_param param);

/* Whether the memory of a model can be one. */
bool model_is_aligned(const ftmx_model *model);

/* Whether the network's input is a picture; and the memory that a transform of the largest one takes, as far as a context has it. */
bool model_takes_pictures(const struct model *m);
uint64_t model_picture_space(const struct model *m);
enum { PICTURE_SPACE = 64 << 20 };

/* ---- contexts ---- */

enum {
    CONTEXT_VALUES = 32,   /* roles and names of an entry's values */
    CONTEXT_ERROR = 512,   /* bytes of a sentence */
    CONTEXT_THREADS = 1024 /* at most */
};

/* Bytes of a class's name in a context, with its end. */
enum { CLASS_NAME = 128 };

/* What a call of an entry computes of and writes to: the caller's memory. */
struct batch {
    const void *inputs[NETWORK_VALUES]; /* in the order of prediction's (network_input_at) */
    const void *labels;
    void *outputs[NETWORK_VALUES]; /* in the order of prediction's; NULL: the context's memory */
    float *loss;
    int64_t n;
    bool has_features; /* in the context's memory */
};

struct ftmx_context {
    uint64_t magic;
    const struct model *model;
    ftmx_options options;
    struct ftmrt_context call;
    int cancel; /* by atomic operations only */
    struct {
        enum ftmrt_role role;
        const char *name;
        void *data;
    } values[CONTEXT_VALUES]; /* what entries take and give beside the caller's arrays */
    uint32_t value_count;
    double lr;
    double temperature, threshold; /* of the weights at hand; 0: none */
    int64_t class_count;           /* of a context whose classes are its own; */
    char *class_names;      /* [classes_bytes]: an element of CLASS_NAME bytes for each output, */
    char *class_lines;      /* [classes_bytes]: and those of a file that is being loaded, */
    int64_t lines_count;    /* so many; 0: it has none */
    bool missed;            /* the caller's loop left something of the running call out */
    bool lost;              /* what training made of the weights is not finite */
    struct batch batch;     /* of the running call */
    double *row;            /* [FTMX_OUTPUTS] */
    unsigned char *staging; /* [load_staging_bytes]: what calls put aside */
    unsigned char *samples; /* [selftest_bytes]: that are drawn */
    float *input;           /* of one picture */
    unsigned char *picture; /* memory for its transform */
    uint64_t picture_space; /* bytes */
    char error[CONTEXT_ERROR];
};

/* Begins a call of a context: ARGUMENT if it is none, CANCELLED if ftmx_cancel was called before; forgets the last error. */
ftmx_status context_begin(ftmx_context *c);

/* The same for calls that want weights which are not lost. */
ftmx_status context_begin_sound(ftmx_context *c);

/* Whether it is a context that ftmx_init made. */
bool context_is_made(const ftmx_context *c);

/* Ends a call with a status and its sentence. In the format: %s a text, %d an int64_t, and nothing else. */
ftmx_status context_fail(ftmx_context *c, ftmx_status status, const char *format, ...);

/* Whether [count] elements of `size` bytes may lie at p, which is called `name`; false after context_fail. */
bool context_takes(ftmx_context *c, const void *p, int64_t count, size_t size, const char *name);

/* The context's memory of the values of a role and name (NULL: the first); NULL: there is none. */
void *context_value(const ftmx_context *c, enum ftmrt_role role, const char *name);

/* What an input or output of the running call is: of the caller's memory, or the context's. */
void *batch_value(const ftmx_context *c, enum ftmrt_role role, const char *name);

/* What the caller calls an input: "input" where there is no other. */
const char *batch_input_name(const ftmx_context *c, const struct ftmrt_value *v);

/* Takes the arrays that an ftmx_inputs has, or that are behind the address of one array, for an entry of a kind; likewise those of an
 * ftmx_outputs for prediction. False after context_fail: one is missing, misaligned, or outputs overlap something. */
bool batch_takes_inputs(ftmx_context *c, enum ftmrt_entry_kind kind, const void *inputs,
                        struct batch *b);
bool batch_takes_outputs(ftmx_context *c, const void *outputs, struct batch *b);

/* Runs the entry of a kind on c->batch, behind the prefix if it takes features. */
ftmx_status context_run(ftmx_context *c, enum ftmrt_entry_kind kind);

/* Whether some entry of the kind takes a batch of n; false after context_fail. */
bool context_takes_batch(ftmx_context *c, enum ftmrt_entry_kind kind, int64_t n);

/* Values of one image at the network's input for a kind of entry, and of its output. */
int64_t model_input_count(const struct model *m, enum ftmrt_entry_kind kind);
int64_t model_output_count(const struct model *m);

/* ---- classes ---- */

struct json_stream;

/* Bytes of a context's own list of classes; 0: they are the model's. */
size_t classes_bytes(const struct ftmrt_program *p);

/* The list as a new context has it. */
void classes_begin(ftmx_context *c);

/* As ftmx_class_count and ftmx_context_class_name, and the hash of the names. */
int64_t context_class_count(const ftmx_context *c);
const char *context_class_name(const ftmx_context *c, int64_t i);
uint64_t context_classes_hash(const ftmx_context *c);

/* Reads the names of a file, a line each, which classes_take makes the context's: what is wrong with the list, or NULL. *syntax: whether
 * there was a text. */
const char *classes_read(ftmx_context *c, struct json_stream *in, bool *syntax);
void classes_take(ftmx_context *c);

/* The names in a snapshot, [classes_bytes]. */
void classes_copy(const ftmx_context *c, void *memory);
void classes_restore(ftmx_context *c, const void *memory, int64_t count);

/* ---- training ---- */

/* Values that ftmx_features gives of an image, of a model that has them. */
int64_t features_count(const struct model *m);

/* Labels, and n times `count` values of a name, as a step wants them: a status after context_fail. What is not finite would be spread over
 * all weights. */
ftmx_status train_check_labels(ftmx_context *c, const struct batch *b);
ftmx_status train_check_finite(ftmx_context *c, const char *name, const float *values, int64_t n,
                               int64_t count);

/* The step of c->batch, whose arguments are checked. It is not cancelled halfway: ftmx_cancel ends the call behind it. */
ftmx_status train_run(ftmx_context *c, float *loss);

/* ---- selftest ---- */

/* Bytes for the samples that ftmx_selftest draws; 0: the library has none. */
size_t selftest_bytes(const struct ftmrt_program *p);

/* ---- states ---- */

/* Whether a state may be set, saved and loaded: a parameter or buffer that is not frozen. */
bool state_is_open(const struct ftmrt_state *s);

/* Finds the state of a name among those that a state dict has; false: there is none. */
bool state_find(const struct ftmrt_program *p, const char *name, uint32_t *state);

/* Where the states end in the workspace; behind them are activations, which no two calls share. */
size_t states_end(const struct ftmrt_program *p);

/* Bytes that loading puts aside: more than the largest state. */
size_t load_staging_bytes(const struct ftmrt_program *p);

/* ---- texts ---- */

/* A number in decimal, of at most 20 digits and its end, and a hash in hexadecimal as files have it. */
void text_number(char text[24], uint64_t value);
void text_hash(char text[17], uint64_t hash);

/* Writes a text of at most size - 1 bytes and its end. */
void text_format(char *out, size_t size, const char *format, va_list args);

#endif
