/* ftmc: reads the command line and runs a command. */
#include <stdio.h>

#include "compile.h"
#include "help.h"

enum { EXIT_USAGE = 2 };

int main(int argc, char **argv)
{
    struct arena arena;
    arena_init(&arena, "options");
    struct options options;
    int code = 0;
    if (!options_parse(&options, &arena, argc, argv))
        code = EXIT_USAGE;
    else if (options.help)
        help_usage(options.named ? &command_rows[options.command] : NULL, stdout);
    else if (options.version)
        printf("%s\n", compile_version());
    else
        code = compile_command(&options);
    arena_clear(&arena);
    /* Output that could not be written must not look like success. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("ftmc: standard output could not be written\n", stderr);
        return 1;
    }
    return code;
}
