/* The commands of compiled programs, their options and exit codes, for help and advice: the rows of runtime/app/commands.def, options.def
 * and exit_codes.def. */
#ifndef FTM_DRIVER_PROGRAM_COMMANDS_H
#define FTM_DRIVER_PROGRAM_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

struct program_command {
    const char *name;
    char letter; /* in program_option.commands */
    const char *arguments, *help;
};

struct program_option {
    const char *name, *argument; /* "--epochs", "N" or "" */
    const char *commands, *help;
};

extern const struct program_command program_commands[];
extern const size_t program_command_count;
extern const struct program_option program_options[];
extern const size_t program_option_count;

struct program_exit {
    int code;
    const char *meaning;
};

extern const struct program_exit program_exits[];
extern const size_t program_exit_count;

/* The row of that name, or NULL. */
const struct program_command *program_command_find(const char *name);

/* Whether a command takes an option. */
bool program_option_is_for(const struct program_option *option,
                           const struct program_command *command);

#endif
