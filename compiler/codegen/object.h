/* From a schedule to files: object files and the tables' C text, LLVM IR or assembly text. */
#ifndef FTM_CODEGEN_OBJECT_H
#define FTM_CODEGEN_OBJECT_H

#include "descriptor.h"

struct object_input {
    const struct schedule *schedule;
    const struct descriptor *descriptor;
    const struct cpu *cpu;
    bool with_main; /* define main */
    struct diag *diag;
};

/* Compiles into files in the folder `dir` (its name without an end slash): <dir>/tables.c, which is
 * for the C compiler, and object files: kernels in several modules side by side on OpenMP threads,
 * the entry functions in one, which takes in the blob from <dir>/blob. The bytes do not depend on
 * the number of threads. Paths are added to *paths; false after a report. */
typedef VEC(const char *) object_paths;
bool object_write(struct arena *arena, const struct object_input *in, const char *dir,
                  object_paths *paths);

/* Writes all code as one module of optimised LLVM IR, or as assembly; the blob is only declared. */
enum object_text { OBJECT_LLVM, OBJECT_ASSEMBLY };
bool object_write_text(struct arena *arena, const struct object_input *in, enum object_text text,
                       const char *path);

#endif
