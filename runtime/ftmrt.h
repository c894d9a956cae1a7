/* The runtime's core and the binary interface between generated code and its users.
 *
 * A compiled program is described by one constant `struct ftmrt_program`. It is data only: tables of states,
 * tensors and entries, plus the offsets of everything in one caller-owned workspace and in one read-only blob.
 * Nothing here allocates, prints or exits; functions that can fail return a status (status.def).
 *
 * Memory of a program:
 *   workspace  one block of ftmrt_workspace_bytes(), 64-byte aligned, owned by the caller; holds the mutable states
 *              (trainable parameters, running statistics, optimizer slots) and the activation arena
 *   blob       read-only: (a) every source tensor verbatim, (b) derived constants (packed and folded weights)
 *
 * Determinism: for one program and one instruction set level, every function gives the same bits for any number
 * of threads. */
#ifndef FTMRT_H
#define FTMRT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FTMRT_ABI_VERSION 6

/* Channel block: activations and packed weights hold channels in groups of 16 floats, one cache line. A constant
 * of the format, a multiple of every target's vector width. */
#define FTMRT_CB 16

/* Dimensions of a value or state. What computes takes 4 at most; views and files all of them. */
enum { FTMRT_MAX_RANK = 6 };

/* Most parts that sums over the batch are cut into (the recipe's `shards`). */
enum { FTMRT_MAX_SHARDS = 64 };

/* ---- statuses ---- */

enum ftmrt_status {
#define FTMRT_STATUS(name, text) FTMRT_##name,
#include "status.def"
#undef FTMRT_STATUS
};

/* A short English text for a status; never NULL. */
const char *ftmrt_status_text(enum ftmrt_status status);

/* ---- data types and layouts ---- */

enum ftmrt_dtype {
#define FTMRT_DTYPE(name, bytes, safetensors) FTMRT_##name,
#include "dtype.def"
#undef FTMRT_DTYPE
    FTMRT_DTYPE_COUNT
};

size_t ftmrt_dtype_size(enum ftmrt_dtype dtype);
const char *ftmrt_dtype_name(enum ftmrt_dtype dtype);

/* Whether a type has floating-point numbers, which can become f32 parameters. */
int ftmrt_dtype_is_float(enum ftmrt_dtype dtype);

/* Element `index` of a stored little-endian tensor as a number; src may have any alignment. */
double ftmrt_load_double(enum ftmrt_dtype dtype, const unsigned char *src, int64_t index);

/* Converts `count` elements between types: floats round to nearest, of two to the even one; integers keep every bit where the type
 * does. Any alignment. */
void ftmrt_convert(enum ftmrt_dtype from, const unsigned char *src, enum ftmrt_dtype to,
                   unsigned char *dst, int64_t count);

enum ftmrt_layout {
#define FTMRT_LAYOUT(name, text, meaning) FTMRT_LAYOUT_##name,
#include "layout.def"
#undef FTMRT_LAYOUT
    FTMRT_LAYOUT_COUNT
};

const char *ftmrt_layout_name(enum ftmrt_layout layout);

/* Elements of a row-major tensor of shape dim[rank]; 1 if the rank is 0. */
int64_t ftmrt_elements(uint32_t rank, const int64_t *dim);

/* Floats that a tensor of logical shape dim[rank] takes in a layout, padding included. */
int64_t ftmrt_layout_elements(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim);

/* Copies a row-major tensor into a layout (padding lanes become zero), and back. src and dst must not overlap. */
void ftmrt_pack(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim, const float *src,
                float *dst);
void ftmrt_unpack(enum ftmrt_layout layout, uint32_t rank, const int64_t *dim, const float *src,
                  float *dst);

/* ---- calls and parallel work ---- */

struct ftmrt_context;
struct ftmrt_team;

/* What a kernel is called with. It reads the fields once, at its start. Later versions append fields. */
struct ftmrt_task {
    struct ftmrt_context *context;
    void *const *buffers; /* the kernel's operands and results */
    int64_t n;            /* images of the call */
    int64_t
        step_images; /* images of the whole step, of which the call may be a part: the divisor of a mean over them */
    int64_t
        first_image; /* of the step that the call has: image i of the call is first_image + i of the step */
    int64_t first_shard; /* likewise of the parts that sums over the batch are cut into */
    int64_t begin, end;  /* work units begin <= u < end */
    int64_t worker;      /* which of the threads does them, from 0 */
};

typedef void ftmrt_kernel(const struct ftmrt_task *task);

/* What a reduction over the batch has when it reaches the hook ftmrt_context.merge. */
enum ftmrt_merge_kind {
    FTMRT_MERGE_NONE, /* never seen by a hook */
#define FTMRT_MERGE(name, meaning) FTMRT_MERGE_##name,
#include "merge.def"
#undef FTMRT_MERGE
};

/* A result over the images of a call, before anything is divided by their number. */
struct ftmrt_partial {
    float *
        values; /* overwritten by what the whole step has; channels past the last one are 0 and stay 0 */
    int64_t count; /* of values */
    int64_t
        size; /* elements that went into each value: n, times the places of the map where there is one */
    int64_t step_size; /* those of the whole step */
};

/* What an entry is called with: its caller's, for one call at a time; two calls side by side have a context each. Zero
 * means what the comments say last. Later versions append fields. */
struct ftmrt_context {
    void *workspace; /* ftmrt_workspace_bytes(), 64-byte aligned */
    int64_t
        step_images; /* images of the whole step, if the call is a part of it; 0: those of the call */
    int64_t first_image, first_shard; /* of the step that the call has; see struct ftmrt_task */
    int threads;                      /* that compute; 0: as many as the process may run on */
    /* Runs the kernel over units 0 .. units-1, each exactly once: calls it with copies of *task in which begin, end and
     * worker (less than the threads that the workspace was made for) are set, and returns when all are done. NULL: the
     * core's own loop (OpenMP), which flushes denormals in every thread; a loop of the caller's must do so, too, as
     * ftmrt_run_piece does. */
    void (*parallel)(void *user, ftmrt_kernel *kernel, const struct ftmrt_task *task,
                     int64_t units);
    void *parallel_user;
    struct ftmrt_team *team; /* the core's, while an entry runs; NULL before */
    /* THE HOOK OF EVERY REDUCTION OVER THE BATCH. The entry calls it once for each of them, in the order of its calls, on
     * the thread that runs the entry, when all images of the call are summed up and before the first division and the
     * first reader. It may replace the values by what the whole step has (ftmrt_merge_partial), so it is where
     * micro-batches, other processes, clipping and a look at what is not finite attach. It may wait for its likes: calls
     * of one entry reach it in one order. Where step_images counts the images of all calls that are merged, statistics,
     * loss and gradients are those of the one call with all images, up to rounding; the same bits on every side, and in
     * every run, if the hook merges in an order that does not depend on time. NULL: the values are the call's own. */
    void (*merge)(void *user, enum ftmrt_merge_kind kind, const struct ftmrt_partial *partial);
    void *merge_user;
    /* Told of each kernel of the entry in turn: when its first unit begins (end = 0) and when its result stands, behind
     * the hook (end = 1). The name lives as long as the program. NULL: nobody asks. */
    void (*clock)(void *user, const char *kernel, int end);
    void *clock_user;
    /* Keys of ftmrt_random for kernels of ops that draw, with first_image: the run's seed and the number of the step. */
    uint64_t seed;
    int64_t step;
    /* Where the program's constants are, laid out as its blob and 64-byte aligned: what a library's entries read, so that
     * its weights can lie in a file. NULL: the program's own. Entries of programs read their own in any case. */
    const unsigned char *blob;
    /* Where a call may be ended from outside, by an atomic store: once it is not 0, kernels that have not begun are left out,
     * and what the entry should have written is undefined. NULL: nobody does. */
    const int *cancel;
};

/* Merges what another call has into what this one has: sums are added, moments by the pairwise formula of T. F. Chan,
 * G. H. Golub, R. J. LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979. into->size
 * becomes that of both. Both have the same count; values must not overlap. (a, b) and (b, a) give the same up to rounding. */
void ftmrt_merge_partial(enum ftmrt_merge_kind kind, struct ftmrt_partial *into,
                         const struct ftmrt_partial *from);

/* What the code of an entry calls behind a reduction: the context's hook, if it has one. */
void ftmrt_merge(const struct ftmrt_task *task, enum ftmrt_merge_kind kind, float *values,
                 int64_t count, int64_t places);

/* What the code of an entry calls around a kernel: the context's clock, if it has one. */
void ftmrt_clock(const struct ftmrt_task *task, const char *kernel, int end);

/* Runs a kernel over units 0 .. units-1 with the context's loop and threads, and returns when all are done. Units are
 * independent; which thread runs which is unspecified and never changes results. Denormals are flushed in every thread
 * while it computes; the caller's floating-point state is restored. */
void ftmrt_parallel(ftmrt_kernel *kernel, const struct ftmrt_task *task, int64_t units);

/* Units begin <= u < end of a kernel by a worker, denormals flushed: what a loop of the caller's (ftmrt_context.parallel) calls. */
void ftmrt_run_piece(ftmrt_kernel *kernel, const struct ftmrt_task *task, int64_t begin,
                     int64_t end, int64_t worker);

/* The straight-line code of an entry: calls of ftmrt_parallel, one after the other. */
typedef void ftmrt_body(struct ftmrt_context *context, const void *const *inputs,
                        void *const *outputs, int64_t n);

/* Runs an entry's body with one team of threads that lives as long as the body: its calls of ftmrt_parallel
 * hand their units to that team. Outside of it ftmrt_parallel makes a team for itself. */
void ftmrt_run(ftmrt_body *body, struct ftmrt_context *context, const void *const *inputs,
               void *const *outputs, int64_t n);

/* Number of threads that compute in a context; NULL: in one that asks for no number. */
int ftmrt_threads(const struct ftmrt_context *context);

/* ---- random numbers ---- */

/* Values of `use` below. */
enum ftmrt_random_use {
#define FTMRT_RANDOM_USE(name, number, meaning) FTMRT_USE_##name = (number),
#include "random_uses.def"
#undef FTMRT_RANDOM_USE
};

/* Counter-based: the same four keys always give the same 64 bits (Philox 4x32-10; Salmon et al., SC 2011). */
uint64_t ftmrt_random(uint64_t seed, uint64_t stream, uint64_t index, uint32_t use);

/* A double in [0, 1) of 53 bits, from the same generator. */
double ftmrt_uniform(uint64_t seed, uint64_t stream, uint64_t index, uint32_t use);

/* 64-bit FNV-1a hash of a name: the stream of a parameter, so that its initial value depends on nothing else. */
uint64_t ftmrt_name_hash(const char *name);

/* ---- formulas that compiler and programs share ---- */

/* p[c] = exp(x[c]) / sum exp(x) over k >= 1 classes, if p is not NULL; returns log(sum exp(x)). Computed from the largest
 * element, so that no exponential overflows. p and x may be the same. */
double ftmrt_softmax(int64_t k, const double *x, double *p);

/* ---- the program ---- */

enum ftmrt_init {
#define FTMRT_INIT(name, text, meaning) FTMRT_INIT_##name,
#include "init.def"
#undef FTMRT_INIT
};

/* How a tensor in the blob stands to the weight file of the program's source. */
enum ftmrt_origin {
    FTMRT_ORIGIN_FILE,  /* it is the file's, verbatim */
    FTMRT_ORIGIN_MADE,  /* another's, or made of one: rows by the names of classes */
    FTMRT_ORIGIN_DRAWN, /* likewise, and some rows are initial values: of classes that no file has */
    FTMRT_ORIGIN_TEACHER /* it is of another network's file */
};

/* A tensor of the pretrained file, kept in the blob. Where nothing reads it again, as in a program that only predicts, the blob has
 * eight bytes instead, by which it is recognised: fingerprint_blocks() of its bytes. */
struct ftmrt_tensor {
    const char *name; /* key in the file, after strip and rename */
    uint32_t dtype;   /* enum ftmrt_dtype */
    uint32_t rank;
    int64_t dim[FTMRT_MAX_RANK];
    uint64_t offset, bytes; /* in the blob */
    uint32_t origin;        /* enum ftmrt_origin */
    uint32_t hashed;        /* the blob has its fingerprint */
};

enum ftmrt_state_kind {
    FTMRT_STATE_PARAMETER, /* weight or bias */
    FTMRT_STATE_BUFFER,    /* running statistics, counters */
    FTMRT_STATE_SLOT,      /* optimizer state; not part of the state dict */
    FTMRT_STATE_TEACHER /* of a network that the program's own learns from: a constant, and none of its state dict */
};

enum {
    FTMRT_TRAINABLE = 1, /* updated by the optimizer in some phase */
    FTMRT_MUTABLE = 2,   /* written by some entry: lives in the workspace; otherwise it is frozen */
    FTMRT_NEW = 4,       /* of a layer that the recipe added: taken from its trained file alone */
    FTMRT_GROWS = 8 /* its rows are classes, more than there are at first: see FTMRT_ROLE_UNUSED */
};

struct ftmrt_state {
    const char *name; /* state dict key */
    uint32_t kind;    /* enum ftmrt_state_kind */
    uint32_t dtype;   /* enum ftmrt_dtype */
    uint32_t flags;
    uint32_t rank; /* logical shape as it is in files */
    int64_t dim[FTMRT_MAX_RANK];
    uint32_t layout;      /* enum ftmrt_layout, of its copy in the workspace */
    uint32_t layout_rank; /* shape that the layout packs: the same elements in the same order */
    int64_t layout_dim[FTMRT_MAX_RANK];
    uint64_t offset; /* in the workspace, if FTMRT_MUTABLE */
    int32_t source;  /* index of its source tensor, or -1 */
    uint32_t init;   /* enum ftmrt_init, where there is no source */
    double init_arg;
    int64_t fan_in;  /* of the layer, for the default initialisation */
    double momentum; /* of a running statistic: the batch's share in each step; 0: it is none */
    int64_t places;  /* and the values of a channel that one image adds to it */
};

/* One instruction of the derivation of constants from frozen states: the result of `op` over earlier results or
 * states. It is what the compiler evaluated to make the blob and what selftest evaluates again. */
struct ftmrt_derive {
    uint32_t op;   /* enum ftmrt_derive_op */
    int32_t in[3]; /* >= 0: result of that instruction; < 0: state -1 - in; INT32_MIN: none */
    double eps;
    uint32_t rank; /* shape of the result */
    int64_t dim[FTMRT_MAX_RANK];
    uint32_t layout; /* of the result in the blob */
    uint64_t offset; /* in the blob, if stored */
    uint32_t stored;
    double value;  /* of an operand that is a number, which then has no place in `in` */
    int64_t inner; /* of a product of matrices: columns of its first operand */
    uint32_t
        single; /* each operation rounds to f32, as the kernels of a program that trains its operands do */
};

enum ftmrt_derive_op {
#define FTMRT_DERIVE(name, inputs, meaning) FTMRT_DERIVE_##name,
#include "derive.def"
#undef FTMRT_DERIVE
};

/* Evaluates one derivation on row-major double-precision tensors: out has the elements of d->dim, in[i] those of
 * its operands (dim0[i]: the first dimension). Source: each op's meaning in derive.def. */
void ftmrt_derive_eval(const struct ftmrt_derive *d, const double *const *in, double *out);

enum { FTMRT_BATCH = -1 }; /* a dimension that is the batch */

enum ftmrt_role {
#define FTMRT_ROLE(name, word, input, output, meaning) FTMRT_ROLE_##name,
#include "role.def"
#undef FTMRT_ROLE
    FTMRT_ROLE_COUNT
};

enum ftmrt_entry_kind {
#define FTMRT_ENTRY_KIND(name, word, meaning) FTMRT_ENTRY_##name,
#include "entry_kind.def"
#undef FTMRT_ENTRY_KIND
    FTMRT_ENTRY_KIND_COUNT
};

/* An input or output of an entry. Its form is how it lies in the caller's memory: a layout and the type of the stored
 * elements. */
struct ftmrt_value {
    const char *name;
    uint32_t role;   /* enum ftmrt_role */
    uint32_t dtype;  /* enum ftmrt_dtype: what it means */
    uint32_t stored; /* enum ftmrt_dtype: what is stored */
    uint32_t layout; /* enum ftmrt_layout */
    uint32_t rank;
    int64_t dim[FTMRT_MAX_RANK]; /* dim[0] may be FTMRT_BATCH */
};

/* An entry of the program. It allocates nothing, prints nothing, and touches only the context's workspace and outputs.
 * inputs and outputs follow the entry's tables; 1 <= n <= max_n. */
typedef enum ftmrt_status ftmrt_entry_fn(struct ftmrt_context *context, const void *const *inputs,
                                         void *const *outputs, int64_t n);

struct ftmrt_entry {
    const char *name;  /* its own in the program: "predict", "eval", "train", ... */
    uint32_t kind;     /* enum ftmrt_entry_kind */
    uint32_t phase;    /* of the training that it belongs to, from 0 */
    const char *scope; /* the model that it belongs to; "": the program's own */
    int64_t max_n;     /* greatest n; at most max_batch of the program */
    ftmrt_entry_fn *run;
    uint32_t input_count, output_count;
    const struct ftmrt_value *inputs, *outputs;
    /* Of a PREFIX: a hash of what it computes, and the states that it reads. */
    uint64_t hash;
    uint32_t read_count;
    const uint32_t *reads;
};

struct ftmrt_recipe;

/* What the program's network is: hashes (identity.def). */
struct ftmrt_identity {
#define FTMRT_IDENTITY(name, what, meaning) uint64_t name;
#include "identity.def"
#undef FTMRT_IDENTITY
};

/* What a trained file says of the training that left it. */
struct ftmrt_training {
    uint64_t seed;
    int64_t epoch;      /* whose weights it has */
    uint64_t data;      /* hash of the data; 0: unknown */
    uint64_t chosen;    /* 1: the epoch did best in validation; 0: it was the last */
    double temperature; /* by which logits are divided before softmax; 0: nothing is said, as 1 */
    double threshold;   /* of the greatest probability, below which the class is unknown; 0: none */
    const char *thresholds; /* of the labels, as the file has them; NULL: it has none */
};

/* The weight file that a program was compiled with (source_fact.def). */
struct ftmrt_source {
#define FTMRT_SOURCE_FACT(name, key, meaning) const char *name;
#include "source_fact.def"
#undef FTMRT_SOURCE_FACT
};

/* A state behind a step, in double precision: its product with a direction that is drawn, and the length of what the step has changed. */
struct ftmrt_selftest_state {
    uint32_t state;
    double projection, norm;
};

/* What a program is tested with. Logits are of inputs that are drawn, ftmrt_selftest_input, and of the weights in the program, in double
 * precision. The step is the first one from there, on such samples, with a rate of 1. */
struct ftmrt_selftest {
    uint64_t blob_hash;   /* fingerprint_blocks() of the blob, as it was compiled */
    uint32_t samples;     /* 0: none were asked for */
    uint32_t values;      /* of a sample: of its `size` logits those at i * size / values */
    const double *logits; /* [samples, values] */
    uint32_t step_samples, step_count;       /* 0: it does not train */
    const struct ftmrt_selftest_state *step; /* [step_count] */
};

struct ftmrt_program {
    uint32_t abi_version;
    const char *name;
    const char *compiler;   /* "ftmc 0.1.0 (LLVM 22.1.8)" */
    uint64_t compiler_hash; /* of its files */
    const char *cpu;        /* instruction set level: "x86-64-v4", ... */
    int64_t max_batch;
    uint64_t workspace_size; /* and for each thread that computes */
    uint64_t worker_size;
    uint64_t arena_size; /* of workspace_size: activations */
    const struct ftmrt_recipe
        *recipe;          /* recipe/recipe.h: what the recipe says; NULL: there is none */
    const char *resolved; /* the .ftm recipe with every default filled in */
    struct ftmrt_identity identity;
    const struct ftmrt_training *
        training; /* that left all weights in the program; NULL: they are not trained, or not all */
    const struct ftmrt_source *source; /* NULL: there is none, or nothing trains */
    uint32_t state_count, tensor_count, derive_count, entry_count;
    const struct ftmrt_state *states;
    const struct ftmrt_tensor *tensors;
    const struct ftmrt_derive *derives;
    const struct ftmrt_entry *entries;
    const unsigned char *blob; /* NULL: the weights are in a file */
    uint64_t blob_size;
    const struct ftmrt_selftest *selftest;
};

/* Element `index` of an input of a sample of selftest's, from -1 to 1; input: the hash of its name. */
float ftmrt_selftest_input(uint32_t sample, uint64_t input, int64_t index);

/* Bytes of a workspace in which so many threads compute. */
uint64_t ftmrt_workspace_bytes(const struct ftmrt_program *p, int threads);

/* Prepares a workspace: takes sourced states from the blob and initialises new ones from the seed. Activations are
 * left as they are: no entry reads what it has not written. */
enum ftmrt_status ftmrt_init_workspace(const struct ftmrt_program *p, void *workspace,
                                       uint64_t seed);

/* Gives a state that is FTMRT_MUTABLE its first value again: that of its source, or, where it has none, the seed's initial value;
 * a slot is 0. */
void ftmrt_init_state(const struct ftmrt_program *p, void *workspace, uint32_t state,
                      uint64_t seed);

/* Bytes of a state as row-major data of its dtype, and of its copy in the workspace, padding included. */
size_t ftmrt_state_bytes(const struct ftmrt_state *s);
size_t ftmrt_state_space(const struct ftmrt_state *s);

/* Whether a state is one of the state dict: files have it. */
int ftmrt_is_in_state_dict(const struct ftmrt_state *s);

/* Whether the program's weight file has the values of a state, which a trained file may then leave out. */
int ftmrt_is_in_source(const struct ftmrt_program *p, const struct ftmrt_state *s);

/* Reads or writes a state as row-major data of its own dtype (dim of the table); bytes must be its exact size.
 * Frozen states are read from their source tensor and cannot be written. */
enum ftmrt_status ftmrt_get_state(const struct ftmrt_program *p, const void *workspace,
                                  uint32_t state, void *dst, size_t bytes);
enum ftmrt_status ftmrt_set_state(const struct ftmrt_program *p, void *workspace, uint32_t state,
                                  const void *src, size_t bytes);

/* The entry of that name, or NULL. */
const struct ftmrt_entry *ftmrt_find_entry(const struct ftmrt_program *p, const char *name);

/* The entry of a kind for a batch of n: of those of the scope (NULL: "") and phase, the one with the smallest max_n that
 * is enough; the first of them where several are equal. NULL: there is none. */
const struct ftmrt_entry *ftmrt_entry_for(const struct ftmrt_program *p, enum ftmrt_entry_kind kind,
                                          const char *scope, uint32_t phase, int64_t n);

/* The first of `count` inputs or outputs with a role, and that name if it is not NULL; NULL: there is none. */
const struct ftmrt_value *ftmrt_find_value(const struct ftmrt_value *values, uint32_t count,
                                           enum ftmrt_role role, const char *name);

/* Bytes of a value in its form for a batch of n. */
size_t ftmrt_value_bytes(const struct ftmrt_value *v, int64_t n);

/* Whether this machine has the instructions of the program's level. */
int ftmrt_cpu_supported(const char *cpu);

/* Initial value of a parameter, row-major (torch.nn.Linear.reset_parameters, torch.nn.Conv2d.reset_parameters):
 * the stream is its name, so it does not depend on what else is in the network. */
void ftmrt_initial_value(const struct ftmrt_state *state, uint64_t seed, float *dst);

#ifdef __cplusplus
}
#endif
#endif
