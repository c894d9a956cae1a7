/* Entry functions: what a program's user calls. */
#ifndef FTM_CODEGEN_ENTRY_H
#define FTM_CODEGEN_ENTRY_H

#include "code.h"
#include "descriptor.h"
#include "ir.h"

/* Emits `enum ftmrt_status <symbol>_<function>(struct ftmrt_context *context, const void *const
 * *inputs, void *const *outputs, int64_t n)` for each function of the schedule: it checks n, then runs the calls
 * phase by phase through ftmrt_parallel. Kernels and the blob are declared. codes: of the schedule's kernels. */
void entry_emit_all(struct ir *ir, const struct schedule *s, const struct code *codes,
                    const struct descriptor *d);

/* Name of a kernel's function in the objects, without its phase. */
char *entry_kernel_symbol(struct arena *arena, const struct descriptor *d, const struct kernel *k);

#endif
