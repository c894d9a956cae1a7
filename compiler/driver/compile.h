/* The pipeline: every command of ftmc is a prefix of it. */
#ifndef FTM_DRIVER_COMPILE_H
#define FTM_DRIVER_COMPILE_H

#include "options.h"

/* "ftmc 0.1.0 (LLVM 22.1.8)" */
const char *compile_version(void);

/* Runs the command; returns the exit code: 0, 1 after reports on stderr, 2 for values of options
 * that do not exist. */
int compile_command(const struct options *o);

#endif
