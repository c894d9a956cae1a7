/* The system's tools that ftmc runs: the C compiler ($CC, or cc), which also links, and binutils, which come with it. */
#ifndef FTM_DRIVER_TOOL_H
#define FTM_DRIVER_TOOL_H

#include "arena.h"
#include "cpu.h"
#include "diag.h"
#include "vec.h"

/* The words of a command, which NULL ends when it is run or shown. */
typedef VEC(const char *) tool_words;

/* Appends the target's C compiler: the host's is $CC's words, which may hold options ("ccache gcc", "clang -m64"). */
void tool_add_compiler(struct arena *arena, const struct cpu_target *target, tool_words *w);

/* Appends another tool of the target's: of the host's the value of the environment variable, or `name`. */
void tool_add_program(struct arena *arena, const struct cpu_target *target, const char *variable,
                      const char *name, tool_words *w);

/* Whether the tools for a target are there; false after a report that names their packages. The host's are looked for where
 * they are run. */
bool tool_check_target(struct arena *arena, struct diag *diag, const struct cpu_target *target);

/* A file of the runtime, which lies beside the compiler: bin/ftmc, lib/ftmc/libftmrt.a. NULL after a report. */
const char *tool_runtime_file(struct arena *arena, struct diag *diag, const char *folder,
                              const char *name);

/* Appends how a program's tables are compiled. False after a report. */
bool tool_add_tables_options(struct arena *arena, struct diag *diag, tool_words *w);

/* Runs a command and passes its messages on; output: what it is to make, for reports. False after a report. */
bool tool_run(struct arena *arena, struct diag *diag, const tool_words *w, const char *output);

/* Prints a command, each word in quotes. */
void tool_show(const tool_words *w);

#endif
