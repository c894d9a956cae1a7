/* The application part of a compiled program: its command line over the generated functions.
 *
 *     digits train | eval | predict FILE... | info | selftest | --help
 *
 * Unlike the core it allocates, prints and reads files. A program's main is one call of
 * ftmrt_app_main. */
#ifndef FTMRT_APP_H
#define FTMRT_APP_H

#include "ftmrt.h"

/* Runs the command line; returns the process's exit code: 0 success, 1 error, 2 wrong usage, 130
 * interrupted. */
int ftmrt_app_main(const struct ftmrt_program *program, int argc, char **argv);

#endif
