/* A program of the graph IR compiled in memory's reach: through schedule and target into a shared
 * library that is loaded. The test must export its symbols (the library calls the runtime that the
 * test is linked with). */
#ifndef FTM_SUPPORT_COMPILED_PROGRAM_H
#define FTM_SUPPORT_COMPILED_PROGRAM_H

#include "cpu.h"
#include "descriptor.h"
#include "guarded.h"
#include "interp.h"

struct compiled_program {
    struct program *program;
    struct schedule *schedule;
    struct descriptor *descriptor;
    const struct ftmrt_program *loaded;
    void *library;
    struct guarded workspace;
};

/* Compiles a program that went through all passes. Every state but the optimizer's slots is taken
 * from a source tensor with the value that it has in `states`, and the workspace starts with them.
 * Trouble ends the process. */
void compiled_program_new(struct compiled_program *c, struct arena *arena, struct program *p,
                          const struct interp *states, const struct cpu *cpu);
void compiled_program_free(struct compiled_program *c);

/* Makes every byte of arena and scratch 0xff (NaNs): what a kernel reads there without having been
 * written spreads into results. */
void compiled_program_poison(struct compiled_program *c);

/* Calls an entry for a batch of n with that many threads; returns its status. */
int compiled_program_run(struct compiled_program *c, const struct ftmrt_entry *entry,
                         const void *const *inputs, void *const *outputs, int64_t n, int threads);

/* Reads all states into an interpreter of a program with the same states, or with the first of
 * them. */
void compiled_program_states(const struct compiled_program *c, struct interp *in);

/* Bytes of an input or output of an entry for a batch of n. */
size_t compiled_value_bytes(const struct ftmrt_value *v, int64_t n);

#endif
