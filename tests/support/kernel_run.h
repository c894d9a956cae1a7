/* Compiles kernels of one-node graphs to a shared object, runs them on random data and compares
 * them with the reference evaluation of their ops.
 *
 *     struct kernel_run *r = kernel_run_new(cpu_find("x86-64-v3"), max_batch, shards);
 *     struct kernel_case *c = kernel_case_new(r);         a graph of its own: c->graph
 *     value_id x = kernel_case_input(c, shape_4d(DIM_BATCH, 3, 8, 8), FTMRT_LAYOUT_BLOCKED);
 *     kernel_case_node(c, graph_op(c->graph, OP_relu, NULL, x), FTMRT_LAYOUT_BLOCKED);
 *     ... more cases: all are compiled together by the first check
 *     kernel_run_build(r);
 *     double error = kernel_case_check(c, n);             max|a-b| / max|b| over all results
 *     kernel_run_free(r);
 *
 * A check runs the kernel with 1, 2 and 3 threads and demands equal bits, operands past image n
 * that are NaN, zero lanes past the last channel in the result, and nothing written past image n or
 * touched outside the buffers (guard pages). A
 * violation ends the program with a message. */
#ifndef FTM_TESTS_KERNEL_RUN_H
#define FTM_TESTS_KERNEL_RUN_H

#include "cpu.h"
#include "graph.h"
#include "guarded.h"
#include "kernel.h"
#include "op.h"

enum { KERNEL_RUN_OPERANDS = 32 }; /* of a node and its steps */

struct kernel_run;

struct kernel_case {
    struct kernel_run *run;
    struct graph *graph;
    value_id node;
    /* Fills operand i (its values are uniform in [-1, 1) already; of an integer operand: 0, 1, ...
     * below `classes`). May be NULL. */
    void (*fill)(const struct kernel_case *c, uint32_t operand, struct tensor *x);
    int64_t classes;
    const char *label;
    int threads;                     /* that run it; 0: as many as there are */
    ftmrt_kernel *phase[4], *finish; /* after kernel_run_build */
    kernel_numbers asked;
    void *buffers[KERNEL_RUN_OPERANDS + 3];         /* of the last check or kernel_case_prepare */
    struct guarded memory[KERNEL_RUN_OPERANDS + 2]; /* of the buffers */
    struct kernel_case *next;
};

struct kernel_run *kernel_run_new(const struct cpu *cpu, int64_t max_batch, int64_t shards);
void kernel_run_free(struct kernel_run *r);

/* A case with an empty graph; label is printed when it fails (copied). */
struct kernel_case *kernel_case_new(struct kernel_run *r, const char *label);
/* An operand: an input of that shape and layout; f32 unless it is made with kernel_case_input_of.
 */
value_id kernel_case_input(struct kernel_case *c, struct shape shape, enum ftmrt_layout layout);
value_id kernel_case_input_of(struct kernel_case *c, struct type type, enum ftmrt_layout layout);
/* A mutable state, which an EFFECT node writes. */
value_id kernel_case_state(struct kernel_case *c, struct type type, enum ftmrt_layout layout);
/* Makes `node` the one that is tested, with its result in that layout. */
void kernel_case_node(struct kernel_case *c, value_id node, enum ftmrt_layout layout);
/* Has a value of the case, f32, stored as bf16: operands and what is expected of the result are rounded so. */
void kernel_case_narrow(struct kernel_case *c, value_id v);
/* Fuses an element-wise op behind the node; extra: its further operands. */
void kernel_case_step(struct kernel_case *c, enum op op, const struct attrs *attrs,
                      const value_id *extra, uint32_t extra_count);

/* Optimises, writes, links and loads all cases. CPU seconds of emission + optimisation and of code
 * generation are added to emit_seconds and codegen_seconds if not NULL. */
void kernel_run_build(struct kernel_run *r, double *emit_seconds, double *codegen_seconds);

/* max|a-b| / max|b| of the kernel and the reference over its results, for a batch of n. */
double kernel_case_check(struct kernel_case *c, int64_t n);

/* Prepares buffers of random data and runs all phases once on the current threads (benchmarks). */
void kernel_case_prepare(struct kernel_case *c, int64_t n);
void kernel_case_execute(struct kernel_case *c, int64_t n);

#endif
