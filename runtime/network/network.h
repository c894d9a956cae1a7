/* A program's network as its callers see it: what it takes and gives, what it is trained for, and calls of its entries by what their
 * values are for. The application and the library share it. Nothing here allocates, prints or keeps state. */
#ifndef FTMRT_NETWORK_H
#define FTMRT_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "ftmrt.h"
#include "recipe.h"

/* What a network is trained for: what its labels and its loss are. It says which figures mean something. */
enum task {
    TASK_CLASS,        /* labels are classes */
    TASK_LABELS,       /* a yes or no for each output: shares */
    TASK_NUMBERS,      /* a number for each output */
    TASK_DISTRIBUTION, /* a distribution over the classes */
    TASK_PIXELS,       /* a class for each pixel: masks */
    TASK_COUNT
};

/* ---- what a recipe says ---- */

enum task network_task(const struct ftmrt_recipe *r);

/* The label that does not count in a loss; NULL: all do. */
const int64_t *network_ignored(const struct ftmrt_call *loss);

/* The class weights of a loss, [classes]: 1 where the recipe has none. */
void network_class_weights(const struct ftmrt_call *loss, int64_t classes, float *weights);

/* A number of an optimizer by its parameter's name; false if it has none of that name. */
bool network_scalar(const struct ftmrt_call *optimizer, const char *name, double *value);

/* ---- what entries take and give ---- */

/* The i-th of what the entry of a kind takes of a sample, itself or through the one that computes its features, images first;
 * NULL: there are not so many. */
const struct ftmrt_value *network_input_at(const struct ftmrt_program *p,
                                           enum ftmrt_entry_kind kind, uint32_t i);

/* The first of them, and the one of a name; NULL: there is none. */
const struct ftmrt_value *network_input(const struct ftmrt_program *p, enum ftmrt_entry_kind kind);
const struct ftmrt_value *network_input_named(const struct ftmrt_program *p,
                                              enum ftmrt_entry_kind kind, const char *name);

/* The labels that the entry of a kind takes; NULL: none. */
const struct ftmrt_value *network_label(const struct ftmrt_program *p, enum ftmrt_entry_kind kind);

/* Their kind; in memory they are int32_t [N], float [N, outputs] or int32_t [N, H, W]. */
enum ftmrt_label_kind network_labels(const struct ftmrt_program *p, enum ftmrt_entry_kind kind);

/* What prediction gives, [N, classes] or [N, classes, H, W]; NULL: nothing. */
const struct ftmrt_value *network_logits(const struct ftmrt_program *p);

/* Bytes that the values of a role and name (NULL: the first) take in the entry where they take most. */
size_t network_value_bytes(const struct ftmrt_program *p, enum ftmrt_role role, const char *name);

/* ---- labels and answers ---- */

/* Whether the numbers of an image's label, [size], are what a loss takes: NULL, or else what was expected of the one that *found is
 * set to. */
const char *network_vector_problem(enum ftmrt_vector want, const float *label, int64_t size,
                                   double *found);

enum { NO_CLASS = -1 };

/* The class of the largest logit of one row; ties go to the lower class. NO_CLASS where one is not finite. */
int32_t predicted_class(const float *logits, int64_t classes);

/* How many of an image's labels are right where a logit above 0 says yes: logits [count], shares [count]. */
int64_t network_right_labels(const float *logits, const float *shares, int64_t count);

/* How many of an image's pixels are right: logits [classes, pixels], mask [pixels]. *judged: how many count, those whose label is not
 * the ignored one (NULL: all do). */
int64_t network_right_pixels(const float *logits, const int32_t *mask, int64_t classes,
                             int64_t pixels, const int64_t *ignored, int64_t *judged);

/* ---- calls ---- */

/* What an entry is called with beside the batch's memory. */
struct network_call {
    struct ftmrt_context *context;
    const struct ftmrt_call *optimizer; /* of the recipe: its numbers but the rate */
    double lr, step;                    /* the rate, and the number of the step from 1 */
    float *loss;
    /* Where the values of a role and name are; NULL: nowhere. Not asked for what stands above. */
    void *(*find)(const void *from, enum ftmrt_role role, const char *name);
    const void *from;
};

/* Most inputs, and most outputs, of an entry that can be called so. */
enum { NETWORK_VALUES = 16 };

/* Calls an entry for a batch of n. FTMRT_ERROR_NOT_FOUND: a value that it takes or gives is nowhere, *missing; FTMRT_ERROR_LIMIT: it has
 * too many of them; else what the entry returns. */
enum ftmrt_status network_run(const struct network_call *c, const struct ftmrt_entry *e, int64_t n,
                              const struct ftmrt_value **missing);

/* ---- selftest ---- */

/* How far numbers may be from those in double precision. Logits: of the largest. The roundings of 32 bits add up to some 1e-6 in networks of a
 * hundred layers; a weight that is another one moves more than this, if it matters at all. What a step leaves: of the length of what it changed
 * in a state; gradients of two samples pass through kinks (relu, maxima) that roundings can move. */
#define NETWORK_SELFTEST_LOGITS 1e-4
#define NETWORK_SELFTEST_STEP   1e-2

/* An input of one sample, and its label for an entry that trains: what the compiler gave to the interpreter. */
void network_selftest_input(const struct ftmrt_value *v, uint32_t sample, void *data);
void network_selftest_label(const struct ftmrt_value *v, int64_t classes, uint32_t sample,
                            void *data);

/* Element i of the direction in which what a step changes in a state is measured, and the product of the state's values with it. */
double network_selftest_direction(const char *state, int64_t i);
double network_selftest_projection(const char *state, const float *values, int64_t count);

/* How far a sample's logits [outputs] are from the stored ones, as a share of the largest, and a state behind
 * the step from that in double precision, as a share of what the step changes in it; NaN is far. */
double network_selftest_logits(const struct ftmrt_selftest *t, uint32_t sample, const float *logits,
                               int64_t outputs);
double network_selftest_state(const struct ftmrt_selftest_state *s, double projection);

/* Whether every thread of a context takes denormal numbers for 0 while it computes, and the caller's does afterwards what it did before:
 * NULL, or what is wrong. */
const char *network_selftest_denormals(struct ftmrt_context *c);

/* Whether an entry takes what the prefix computes. */
bool network_takes_features(const struct ftmrt_entry *e);

#endif
