/* The commands of a program and their options. */
#ifndef FTMRT_APP_COMMAND_H
#define FTMRT_APP_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ftmrt.h"

typedef bool option_FLAG;
typedef int64_t option_INT;
typedef double option_REAL;
typedef int64_t option_SIZE;
typedef const char *option_TEXT;

struct run_choice;

struct options {
#define APP_OPTION(field, kind, name, arg, commands, help)                                         \
    option_##kind field;                                                                           \
    bool field##_given;
#include "options.def"
#undef APP_OPTION
    const struct run_choice *choice; /* run_choice.h; NULL: the program has no runs */
    const char *const *files;        /* further arguments */
    int file_count;
    int argc;
    char **argv;
};

/* Splits argv[2 ...] of a command into options and further arguments, which are collected in files [argc]. options must be
 * zero but for argc and argv. false after a message. */
bool options_parse(struct options *options, const char *command, int argc, char **argv,
                   const char **files);
/* The name of an option that was given and is not among the allowed ones (up to NULL), or NULL. */
const char *options_other(const struct options *options, const char *const *allowed);
/* The options that were given, {"--lr": 0.1}; a new reference. */
json_t *options_json(const struct options *options);
/* Lines of help on the options of a command, by its letter. */
void options_print(FILE *out, char letter);

enum {
#define APP_EXIT(name, code, meaning) EXIT_##name = (code),
#include "exit_codes.def"
#undef APP_EXIT
};

/* Runs a command and returns the exit code. */
typedef int command_fn(const struct ftmrt_program *p, const struct options *o);
#define APP_COMMAND(name, letter, compiled, programs, arguments, help) command_fn command_##name;
#include "commands.def"
#undef APP_COMMAND

/* A row of commands.def in a program. */
struct command {
    const char *name;
    char letter; /* in options.def */
    bool compiled;
    command_fn *run; /* NULL: this program has not got it */
    const char *arguments, *help;
};

enum {
#define APP_COMMAND(name, letter, compiled, programs, arguments, help) COMMAND_##name,
#include "commands.def"
#undef APP_COMMAND
    COMMAND_COUNT
};

/* Runs the command of a command line, out of [COMMAND_COUNT], and returns the exit code. Two programs' mains differ in their table
 * and in what they do with runs (NULL: nothing) alone, so that what one has not is not linked. */
int app_run(const struct command *commands, const struct run_choice *choice,
            const struct ftmrt_program *p, int argc, char **argv);

/* The number of threads that --threads asks for; without it, as many as the process may run on. */
int app_threads(const struct options *o);
/* The number of threads beside them that --workers asks for; without it, as many, or none beside a single one. */
int app_workers(const struct options *o);

#endif
