/* `ftmc help`, `ftmc COMMAND --help` and the completion of command lines: everything from the rows. */
#ifndef FTM_DRIVER_HELP_H
#define FTM_DRIVER_HELP_H

#include <stdio.h>

#include "options.h"

/* Commands, options and exit codes; of one command alone, if it is not NULL. */
void help_usage(const struct command_row *only, FILE *out);

/* What topics there are. */
void help_overview(FILE *out);

/* All about a command, a chapter ("layers"), a call, a block's key, a function or a stage: whatever has this name. false: nothing
 * has. */
bool help_topic(struct arena *arena, const char *topic, FILE *out);

/* All names that help_topic() knows, each once or more. */
text_list help_names(struct arena *arena);

/* A script for a shell, "bash" or "zsh", that completes ftmc's command line. false: of another shell. */
bool completion_print(struct arena *arena, const char *shell, FILE *out);

#endif
