/* The command line of a compiled program: what is common to its commands. */
#include "app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "report.h"

static const struct {
    int code;
    const char *meaning;
} exits[] = {
#define APP_EXIT(name, code, meaning) {code, meaning},
#include "exit_codes.def"
#undef APP_EXIT
};

/* Help on one command, or on all (NULL). */
static void print_help(const struct command *commands, const struct command *only, FILE *out)
{
    fprintf(out, "usage: %s %s [OPTION]...%s\n\n", report_command(), only ? only->name : "COMMAND",
            only && !*only->arguments ? "" : " [FILE]...");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command *c = &commands[i];
        if ((only && c != only) || !c->run)
            continue;
        fprintf(out, "  %s%s%s\n      %s\n", c->name, *c->arguments ? " " : "", c->arguments,
                c->help);
        options_print(out, c->letter);
    }
    fputs("\nexit codes:", out);
    for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
        fprintf(out, "%s %d %s", i ? "," : "", exits[i].code, exits[i].meaning);
    fputc('\n', out);
}

enum { MAX_THREADS = 1024 };

int app_threads(const struct options *o)
{
    const int wanted = (int)(o->threads > MAX_THREADS ? MAX_THREADS : o->threads);
    return ftmrt_threads(&(struct ftmrt_context){.threads = wanted});
}

int app_workers(const struct options *o)
{
    const int threads = app_threads(o);
    if (!o->workers_given)
        return threads > 1 ? threads : 0;
    return (int)o->workers;
}

static int usage_error(void)
{
    fprintf(stderr, "try `%s --help`\n", report_command());
    return EXIT_WRONG_USAGE;
}

static int unknown_command(const struct command *commands, const char *word)
{
    const char *comma = "";
    report_error("unknown command '%s'", word);
    fprintf(stderr, "the commands are");
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (commands[i].run) {
            fprintf(stderr, "%s %s", comma, commands[i].name);
            comma = ",";
        }
    fputc('\n', stderr);
    return usage_error();
}

static int absent_command(const struct command *c)
{
    report_error("'%s' is not in this program, which was compiled with --infer and only predicts; "
                 "compile the recipe without it to train",
                 c->name);
    return EXIT_WRONG_USAGE;
}

static bool check_files(const struct options *options, const struct command *c)
{
    return !options->file_count || *c->arguments ||
           report_error("'%s' takes no file arguments ('%s')", c->name, options->files[0]);
}

/* What a main has put together. */
struct app {
    const struct command *commands;
    const struct run_choice *choice;
    const struct ftmrt_program *program;
};

static int run_command(const struct app *app, const struct command *c, int argc, char **argv)
{
    const struct ftmrt_program *p = app->program;
    struct options options = {.choice = app->choice, .argc = argc, .argv = argv};
    const char **files = app_alloc((size_t)argc, sizeof(char *));
    int code = EXIT_WRONG_USAGE;
    if (!options_parse(&options, c->name, argc, argv, files) || !check_files(&options, c)) {
        usage_error();
    } else if (c->compiled && !ftmrt_cpu_supported(p->cpu)) {
        report_error("this processor lacks instructions of %s, which this program was compiled "
                     "for; compile it again "
                     "with a lower --cpu",
                     p->cpu);
        code = EXIT_ERROR;
    } else {
        code = c->run(p, &options);
    }
    free(files);
    return code;
}

static int start_command(const struct app *app, const struct command *c, int argc, char **argv)
{
    if (!c->run)
        return absent_command(c);
    if (argc != 3 || (strcmp(argv[2], "--help") != 0 && strcmp(argv[2], "-h") != 0))
        return run_command(app, c, argc, argv);
    print_help(app->commands, c, stdout);
    return EXIT_OK;
}

static int dispatch(const struct app *app, int argc, char **argv)
{
    const struct command *commands = app->commands;
    const struct ftmrt_program *p = app->program;
    if (argc < 2) {
        print_help(commands, NULL, stderr);
        return EXIT_WRONG_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_help(commands, NULL, stdout);
        return EXIT_OK;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("%s, made by %s for %s\n", p->name, p->compiler, p->cpu);
        return EXIT_OK;
    }
    if (p->abi_version != FTMRT_ABI_VERSION) {
        report_error("this program and its runtime are of different versions");
        return EXIT_ERROR;
    }
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(argv[1], commands[i].name))
            return start_command(app, &commands[i], argc, argv);
    return unknown_command(commands, argv[1]);
}

int app_run(const struct command *commands, const struct run_choice *choice,
            const struct ftmrt_program *p, int argc, char **argv)
{
    const struct app app = {commands, choice, p};
    const int code = dispatch(&app, argc, argv);
    /* Output that is lost must not look like success. An earlier flush may have met it: then nothing is left to be flushed. */
    if ((fflush(stdout) == 0 && !ferror(stdout)) || code != EXIT_OK)
        return code;
    report_error("standard output could not be written");
    return EXIT_ERROR;
}
