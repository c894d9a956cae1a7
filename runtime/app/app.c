/* The command line of a compiled program: a table of commands and a table of options. */
#include "app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "report.h"

struct command {
    const char *name;
    char letter; /* in options.def */
    bool compiled;
    command_fn *run;
    const char *arguments, *help;
};

static const struct command commands[] = {
#define APP_COMMAND(name, letter, compiled, arguments, help)                                       \
    {#name, letter, compiled, command_##name, arguments, help},
#include "commands.def"
#undef APP_COMMAND
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(*commands) };

enum option_kind { KIND_FLAG, KIND_INT, KIND_REAL, KIND_TEXT };

struct option {
    enum option_kind kind;
    const char *name, *arg, *commands, *help;
    size_t offset, given;
};

static const struct option option_table[] = {
#define APP_OPTION(field, kind, name, arg, commands, help)                                         \
    {KIND_##kind,                                                                                  \
     name,                                                                                         \
     arg,                                                                                          \
     commands,                                                                                     \
     help,                                                                                         \
     offsetof(struct options, field),                                                              \
     offsetof(struct options, field##_given)},
#include "options.def"
#undef APP_OPTION
};

enum { OPTION_COUNT = sizeof(option_table) / sizeof(*option_table) };

static void print_options(FILE *out, char letter)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &option_table[i];
        if (strchr(o->commands, letter))
            fprintf(out, "      %-10s %-6s %s\n", o->name, o->arg, o->help);
    }
}

/* Help on one command, or on all (NULL). */
static void print_help(const struct ftmrt_program *p, const struct command *only, FILE *out)
{
    fprintf(out, "usage: %s %s [OPTION]...%s\n\n", p->name, only ? only->name : "COMMAND",
            only && !*only->arguments ? "" : " [FILE]...");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command *c = &commands[i];
        if (only && c != only)
            continue;
        fprintf(out, "  %s%s%s\n      %s\n", c->name, *c->arguments ? " " : "", c->arguments,
                c->help);
        print_options(out, c->letter);
    }
    fprintf(out, "\nexit codes: 0 success, 1 error, 2 wrong usage, 130 interrupted\n");
}

static int usage_error(const struct ftmrt_program *p)
{
    fprintf(stderr, "try '%s --help'\n", p->name);
    return EXIT_WRONG_USAGE;
}

static bool set_number(const struct option *o, void *field, const char *text)
{
    char *end;
    errno = 0;
    if (o->kind == KIND_INT) {
        long long v = strtoll(text, &end, 10);
        if (errno || end == text || *end || v < 0)
            return report_error("%s takes a whole number, not '%s'", o->name, text);
        *(int64_t *)field = v;
        return true;
    }
    double v = strtod(text, &end);
    if (errno || end == text || *end || !(v >= 0 && v < 1e30))
        return report_error("%s takes a number, not '%s'", o->name, text);
    *(double *)field = v;
    return true;
}

static bool set_option(struct options *options, const struct option *o, const char *value)
{
    char *base = (char *)options;
    void *field = base + o->offset;
    *(bool *)(base + o->given) = true;
    if (o->kind == KIND_FLAG)
        *(bool *)field = true;
    else if (o->kind == KIND_TEXT)
        *(const char **)field = value;
    else
        return set_number(o, field, value);
    return true;
}

/* The option that argument `arg` (of that length) names, for that command. */
static const struct option *find_option(const char *arg, size_t length, const struct command *c)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &option_table[i];
        if (strlen(o->name) == length && !strncmp(o->name, arg, length) &&
            strchr(o->commands, c->letter))
            return o;
    }
    report_error("'%s' has no option %.*s", c->name, (int)length, arg);
    return NULL;
}

/* Handles argv[*i], which begins with "--"; --name VALUE and --name=VALUE are the same. */
static bool parse_option(struct options *options, const struct command *c, int argc, char **argv,
                         int *i)
{
    const char *arg = argv[*i], *equals = strchr(arg, '=');
    size_t length = equals ? (size_t)(equals - arg) : strlen(arg);
    const struct option *o = find_option(arg, length, c);
    if (!o)
        return false;
    if (o->kind == KIND_FLAG)
        return equals ? report_error("%s takes no value", o->name) : set_option(options, o, NULL);
    if (equals)
        return set_option(options, o, equals + 1);
    if (*i + 1 >= argc)
        return report_error("%s needs a value: %s %s", o->name, o->name, o->arg);
    return set_option(options, o, argv[++*i]);
}

/* Splits argv into options and files; files are collected at the front of `files`. */
static bool parse(struct options *options, const struct command *c, int argc, char **argv,
                  const char **files)
{
    bool only_files = false;
    for (int i = 2; i < argc; i++) {
        if (only_files || strncmp(argv[i], "--", 2) != 0)
            files[options->file_count++] = argv[i];
        else if (!argv[i][2])
            only_files = true;
        else if (!parse_option(options, c, argc, argv, &i))
            return false;
    }
    options->files = files;
    if (options->file_count && !*c->arguments)
        return report_error("'%s' takes no file arguments ('%s')", c->name, files[0]);
    return true;
}

static int run_command(const struct ftmrt_program *p, const struct command *c, int argc,
                       char **argv)
{
    struct options options = {.argc = argc, .argv = argv};
    const char **files = app_alloc((size_t)argc, sizeof(char *));
    int code = EXIT_WRONG_USAGE;
    if (!parse(&options, c, argc, argv, files)) {
        usage_error(p);
    } else if (c->compiled && !ftmrt_cpu_supported(p->cpu)) {
        report_error("this processor lacks instructions of %s, which this program was compiled "
                     "for; compile it again "
                     "with a lower --cpu",
                     p->cpu);
        code = EXIT_ERROR;
    } else {
        ftmrt_set_threads((int)(options.threads > 1024 ? 1024 : options.threads));
        code = c->run(p, &options);
    }
    free(files);
    if (fflush(stdout) != 0 && code == EXIT_OK) {
        report_error("standard output: %s", strerror(errno));
        code = EXIT_ERROR;
    }
    return code;
}

int ftmrt_app_main(const struct ftmrt_program *p, int argc, char **argv)
{
    report_name(p->name);
    if (argc < 2) {
        print_help(p, NULL, stderr);
        return EXIT_WRONG_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_help(p, NULL, stdout);
        return EXIT_OK;
    }
    if (p->abi_version != FTMRT_ABI_VERSION) {
        report_error("this program and its runtime are of different versions");
        return EXIT_ERROR;
    }
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(argv[1], commands[i].name)) {
            if (argc != 3 || (strcmp(argv[2], "--help") != 0 && strcmp(argv[2], "-h") != 0))
                return run_command(p, &commands[i], argc, argv);
            print_help(p, &commands[i], stdout);
            return EXIT_OK;
        }
    report_error("unknown command '%s'", argv[1]);
    return usage_error(p);
}
