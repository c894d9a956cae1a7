/* From graphs to work: a list of kernel calls per function over planned memory.
 *
 *   const_plan   constant sub-graphs (frozen states through CONST ops) become derived constants in
 *                the blob
 *   kernels      every other computing node becomes a call of a kernel; equal configurations share
 *                one kernel
 *   memory_plan  liveness over the calls, one arena, in-place where allowed; views share their
 *                operand's place
 *
 * All offsets are compile-time constants. The workspace is [mutable states][arena][scratch]. */
#ifndef FTM_SCHEDULE_SCHEDULE_H
#define FTM_SCHEDULE_SCHEDULE_H

#include "graph.h"
#include "op.h"

enum place_kind {
    PLACE_NONE,
    PLACE_IMMEDIATE, /* a `constant` node: its value stands in the kernel's code */
    PLACE_WORKSPACE, /* states, activations, scratch: offset in the workspace */
    PLACE_BLOB,      /* derived constants: offset in the blob */
    PLACE_INPUT,     /* index of a function input (the caller's memory, row-major) */
    PLACE_OUTPUT     /* index of a function output */
};

struct place {
    enum place_kind kind;
    uint64_t offset; /* bytes, or the index */
    uint64_t bytes;  /* at the maximum batch */
};

/* How a kernel runs: what a call's units are (codegen/kernel.h emits a function for them). */
struct call {
    value_id node;
    uint32_t kernel;      /* index in schedule.kernels */
    struct place *in;     /* of the operands */
    struct place out;     /* of the result; an EFFECT writes through its operands instead */
    struct place scratch; /* partial results of the shards, if the kernel wants any */
};

/* A distinct kernel: the configuration of the first node that wants it. Two nodes share a kernel
 * if their ops, steps, attributes, operand types and layouts, and result types are equal. */
struct kernel {
    const struct graph *graph;
    value_id node;
    const char *name;    /* "conv2d_3x3s2_3x32_64x64", a valid symbol */
    uint32_t hash, next; /* the kernel before it of the same bucket, + 1 */
};

struct schedule_function {
    const struct graph *graph;
    VEC(struct call) calls;
};

struct schedule {
    struct arena *arena;
    const struct program *program;
    VEC(struct kernel) kernels;
    uint32_t *kernel_buckets; /* by hash: the newest kernel + 1 */
    uint32_t bucket_count;
    struct map kernel_names; /* the number of kernels of a name, before they are numbered */
    VEC(struct schedule_function) functions;
    VEC(struct ftmrt_derive) derives;
    struct map derive_index; /* by what it computes (const_plan.c): its number + 1 */
    uint64_t *state_offset;  /* of each mutable state, in the workspace */
    uint64_t states_size, arena_size, workspace_size;
    uint64_t constants_size; /* of derived constants, from offset 0 of the blob's constant part */
};

/* NULL after a report. */
struct schedule *schedule_build(struct arena *arena, const struct program *p);

/* The text of --emit=schedule. */
void schedule_print(const struct schedule *s, FILE *out);

/* Whether no call overwrites what a later one reads; on failure the first violation is in text.
 * For debug builds and tests: it looks at who writes which bytes when, not at how the plan was
 * made. */
bool schedule_check(const struct schedule *s, char *text, unsigned size);

/* Bytes of a value at the maximum batch in its layout. */
uint64_t schedule_value_bytes(const struct graph *g, value_id v);

#endif
