/* `ftmc help`, `ftmc COMMAND --help`, the manual page and the completion of command lines: everything from the rows. */
#ifndef FTM_DRIVER_HELP_H
#define FTM_DRIVER_HELP_H

#include <stdio.h>

#include "options.h"

extern const char help_exit_codes[];

/* Commands, options and exit codes; of one command alone, if it is not NULL. */
void help_usage(const struct command_row *only, FILE *out);

/* What topics there are. */
void help_overview(FILE *out);

/* All about a command of ftmc or of programs, a chapter ("layers"), a call, a block's key, a function: whatever has this name. false:
 * nothing has. */
bool help_topic(struct arena *arena, const char *topic, FILE *out);

/* The rows whose help has these words: "learning rate". false: none has. */
bool help_search(struct arena *arena, const char *words, FILE *out);

struct program_command;
/* All about a command of programs; false: there is none of that name. Its options, a line each. */
bool help_program_topic(const char *topic, FILE *out);
void help_program_options(const struct program_command *command, FILE *out);

/* ftmc(1) in roff: all commands and options of ftmc and of programs. */
void manual_print(struct arena *arena, FILE *out);

/* All names that help_topic() knows, each once or more. */
text_list help_names(struct arena *arena);

/* A script for a shell, "bash" or "zsh", that completes ftmc's command line. false: of another shell. */
bool completion_print(struct arena *arena, const char *shell, FILE *out);

#endif
