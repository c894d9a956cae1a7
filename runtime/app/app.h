/* The application part of a compiled program: its command line over the generated functions.
 *
 *     digits train | eval | predict FILE... | info | selftest | --help
 *
 * Unlike the core it allocates, prints and reads files. A program's main is one call of
 * ftmrt_app_main, or of ftmrt_infer_main where nothing in it trains. */
#ifndef FTMRT_APP_H
#define FTMRT_APP_H

#include "ftmrt.h"

/* Runs the command line; returns the process's exit code: 0 success, 1 error, 2 wrong usage, 130
 * interrupted. */
int ftmrt_app_main(const struct ftmrt_program *program, int argc, char **argv);

/* The same for a program without an entry that trains: it has the commands that predict and measure, and says of the others why they
 * are absent. What they consist of is not linked. */
int ftmrt_infer_main(const struct ftmrt_program *program, int argc, char **argv);

#endif
