/* The runtime's part of a library: archives for the host, source for other targets. */
#ifndef FTM_DRIVER_LIBRARY_RUNTIME_H
#define FTM_DRIVER_LIBRARY_RUNTIME_H

#include "cpu.h"
#include "tool.h"

/* Appends what a library is linked with to the words of the target's compiler: the archives that were built with ftmc, or options and
 * files of the runtime's source. False after a report. */
bool library_runtime_add(struct arena *arena, struct diag *diag, const struct cpu_target *target,
                         bool threads, tool_words *w);

#endif
