/* Which kernels of a schedule are the same code, and what each of them reads instead of having it in its code.
 *
 * Nodes that differ only in numbers that their family asked kernel_number() for get the same instructions. Nothing says so
 * beforehand: every kernel is emitted once, unoptimised, into a module of its own, and kernels whose modules are equal byte for
 * byte as bitcode are one. So a number that is read can be forgotten nowhere, and one that is not keeps kernels apart. */
#ifndef FTM_CODEGEN_CODE_H
#define FTM_CODEGEN_CODE_H

#include "kernel.h"
#include "schedule.h"

struct code {
    uint32_t kernel; /* whose code it is: the first of the schedule's kernels that has it */
    kernel_numbers asked;
};

/* An entry for each kernel of the schedule, in the arena; the kernels are emitted side by side on OpenMP threads, with a result
 * that does not depend on their number. */
struct code *code_of(struct arena *arena, const struct schedule *s, const struct cpu *cpu);

/* How many kernels are left. */
uint32_t code_count(const struct schedule *s, const struct code *codes);

#endif
