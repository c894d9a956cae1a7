/* Commands of programs, as rows. */
#include "program_commands.h"

#include <string.h>

const struct program_command program_commands[] = {
#define APP_COMMAND(name, letter, compiled, programs, arguments, help)                             \
    {#name, letter, arguments, help},
#include "commands.def"
#undef APP_COMMAND
};

const struct program_option program_options[] = {
#define APP_OPTION(field, kind, name, arg, commands, help) {name, arg, commands, help},
#include "options.def"
#undef APP_OPTION
};

const struct program_exit program_exits[] = {
#define APP_EXIT(name, code, meaning) {code, meaning},
#include "exit_codes.def"
#undef APP_EXIT
};

const size_t program_exit_count = sizeof program_exits / sizeof *program_exits;
const size_t program_command_count = sizeof program_commands / sizeof *program_commands;
const size_t program_option_count = sizeof program_options / sizeof *program_options;

const struct program_command *program_command_find(const char *name)
{
    for (size_t i = 0; i < program_command_count; i++)
        if (!strcmp(program_commands[i].name, name))
            return &program_commands[i];
    return NULL;
}

bool program_option_is_for(const struct program_option *option,
                           const struct program_command *command)
{
    return strchr(option->commands, command->letter) != NULL;
}
