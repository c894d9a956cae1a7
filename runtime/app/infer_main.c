/* The main of a program that only predicts: commands that belong to training are known by name alone. */
#include "app.h"
#include "command.h"

int ftmrt_infer_main(const struct ftmrt_program *p, int argc, char **argv)
{
    static const struct command commands[] = {
#define RUN_ALL(name)      command_##name
#define RUN_TRAINING(name) NULL
#define APP_COMMAND(name, letter, compiled, programs, arguments, help)                             \
    {#name, letter, compiled, RUN_##programs(name), arguments, help},
#include "commands.def"
#undef APP_COMMAND
#undef RUN_TRAINING
#undef RUN_ALL
    };
    return app_run(commands, NULL, p, argc, argv);
}
