/* The main of a program that trains: it has all commands. */
#include "app.h"
#include "command.h"
#include "run_choice.h"

int ftmrt_app_main(const struct ftmrt_program *p, int argc, char **argv)
{
    static const struct command commands[] = {
#define APP_COMMAND(name, letter, compiled, programs, arguments, help)                             \
    {#name, letter, compiled, command_##name, arguments, help},
#include "commands.def"
#undef APP_COMMAND
    };
    return app_run(commands, &run_choice, p, argc, argv);
}
