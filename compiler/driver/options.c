/* Reads the command line by the tables; getopt_long has no names like -### and no help. */
#include "options.h"

#include <string.h>
#include <sys/stat.h>

#include "program_commands.h"
#include "shell_word.h"
#include "str.h"

const struct option_row option_rows[] = {
#define FTM_FLAG(field, short_name, long_name, commands, help)                                     \
    {OPTION_FLAG, short_name, long_name, NULL, commands, help, offsetof(struct options, field)},
#define FTM_TEXT(field, short_name, long_name, argument, commands, help)                           \
    {OPTION_TEXT, short_name, long_name, argument, commands, help, offsetof(struct options, field)},
#define FTM_LIST(field, short_name, long_name, argument, commands, help)                           \
    {OPTION_LIST, short_name, long_name, argument, commands, help, offsetof(struct options, field)},
#include "ftmc_options.def"
};

enum { OPTION_COUNT = sizeof option_rows / sizeof *option_rows, MANY = 0x7fffffff };
const uint32_t option_row_count = OPTION_COUNT;

const struct command_row command_rows[COMMAND_COUNT] = {
#define FTM_COMMAND(name, letter, least, most, argument, help)                                     \
    {#name, letter, least, most, argument, help},
#include "command.def"
#undef FTM_COMMAND
};

static const struct {
    const char *name;
    enum emit_output output;
} stages[] = {
#define FTM_EMIT(name, output) {#name, EMIT_OUTPUT_##output},
#include "stages.def"
#undef FTM_EMIT
};

enum emit_output emit_output(enum emit_stage stage) { return stages[stage].output; }

const char *stage_name(enum emit_stage stage) { return stages[stage].name; }

bool option_is_for(const struct option_row *option, const struct command_row *command)
{
    return option->commands[0] == '*' || strchr(option->commands, command->letter);
}

/* ---- wrong usage ---- */

static bool usage_error(const char *what, const char *argument)
{
    fprintf(stderr, "ftmc: %s '%s'\nTry 'ftmc --help'.\n", what, argument);
    return false;
}

static bool unknown_option(const char *argument)
{
    const char *names[OPTION_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (option_rows[i].long_name)
            names[count++] = option_rows[i].long_name;
    char word[64];
    const char *start = argument + strspn(argument, "-");
    snprintf(word, sizeof word, "%.*s", (int)strcspn(start, "="), start);
    const char *nearest = str_nearest(word, names, count);
    if (!nearest)
        return usage_error("unknown option", argument);
    fprintf(stderr, "ftmc: unknown option '%s'; did you mean '--%s'?\nTry 'ftmc --help'.\n",
            argument, nearest);
    return false;
}

/* An option that the command would ignore. */
static bool useless_option(const struct option_row *option, const struct command_row *command)
{
    const bool is_long = option->long_name != NULL;
    fprintf(stderr, "ftmc: %s%s means nothing to 'ftmc %s'; it is for", is_long ? "--" : "-",
            is_long ? option->long_name : option->short_name, command->name);
    const char *comma = "";
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (option_is_for(option, &command_rows[i])) {
            fprintf(stderr, "%s %s", comma, command_rows[i].name);
            comma = ",";
        }
    fprintf(stderr, "\nTry 'ftmc %s --help'.\n", command->name);
    return false;
}

/* What is to be typed to a program, typed to ftmc. */
static bool program_word(const struct options *o, const char *word)
{
    char file[4096] = "FILE.ftm";
    for (int i = 1; o->argv[i]; i++)
        if (str_ends_with(o->argv[i], ".ftm")) {
            shell_word(o->argv[i], file, sizeof file);
            break;
        }
    fprintf(stderr,
            "ftmc: '%s' is a command of the program: `ftmc run %s %s` compiles it and runs "
            "that; `ftmc help %s` explains it.\n",
            word, file, word, word);
    return false;
}

/* A word that is no command and no file. */
static bool unknown_word(const char *word)
{
    const char *names[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; i++)
        names[i] = command_rows[i].name;
    const char *nearest = str_nearest(word, names, COMMAND_COUNT);
    fprintf(stderr, "ftmc: '%s' is neither a command nor a file", word);
    if (nearest)
        fprintf(stderr, "; did you mean '%s'?", nearest);
    fprintf(stderr, "\nThe commands are");
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(stderr, "%s %s", i ? "," : "", names[i]);
    fprintf(stderr, "; 'ftmc help' says what they do.\n");
    return false;
}

static bool missing_argument(const struct command_row *command, bool named)
{
    fprintf(stderr, "ftmc: %s\nUsage: ftmc %s%s%s\nTry 'ftmc --help'.\n",
            command->least == 1 ? "no input file" : "too few arguments", named ? command->name : "",
            named ? " " : "", command->argument);
    return false;
}

/* ---- options ---- */

/* The row that an argument names; *value is its text behind '=' or the option's letter, or NULL. */
static const struct option_row *find_row(const char *argument, const char **value)
{
    *value = NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *r = &option_rows[i];
        if (argument[1] == '-' && r->long_name) {
            size_t n = strlen(r->long_name);
            if (strncmp(argument + 2, r->long_name, n) == 0 &&
                (argument[2 + n] == '\0' || argument[2 + n] == '=')) {
                *value = argument[2 + n] == '=' ? argument + 3 + n : NULL;
                return r;
            }
        }
        if (argument[1] == '-' || !r->short_name)
            continue;
        size_t n = strlen(r->short_name);
        if (strncmp(argument + 1, r->short_name, n) == 0 &&
            (argument[1 + n] == '\0' || r->kind != OPTION_FLAG)) {
            *value = argument[1 + n] ? argument + 1 + n : NULL;
            return r;
        }
    }
    return NULL;
}

static void set_text(struct options *o, struct arena *arena, const struct option_row *r,
                     const char *value)
{
    void *field = (char *)o + r->offset;
    const char **text = field;
    text_list *list = field;
    if (r->kind == OPTION_LIST)
        vec_push(arena, list, value);
    else
        *text = value;
}

/* Takes the option at argv[*i] and its argument; marks its row in `given`. */
static bool take_option(struct options *o, struct arena *arena, char **argv, int *i, bool *given)
{
    const char *value;
    const struct option_row *r = find_row(argv[*i], &value);
    if (!r)
        return unknown_option(argv[*i]);
    given[r - option_rows] = true;
    if (r->kind == OPTION_FLAG) {
        if (value)
            return usage_error("this option takes no value:", argv[*i]);
        void *field = (char *)o + r->offset;
        bool *flag = field;
        *flag = true;
        return true;
    }
    if (!value)
        value = argv[++*i];
    if (!value)
        return usage_error("a value is missing behind", argv[*i - 1]);
    set_text(o, arena, r, value);
    return true;
}

static bool take_command(struct options *o, const char *word)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(word, command_rows[i].name) == 0) {
            o->command = (enum command)i;
            return o->named = true;
        }
    return false;
}

/* ---- what the options mean together ---- */

static bool choose_stage(struct options *o)
{
    o->emit_stage = o->passes || o->stop_after ? EMIT_graph : EMIT_exe;
    for (int i = 0; o->emit && i < EMIT_COUNT; i++)
        if (strcmp(o->emit, stages[i].name) == 0) {
            o->emit_stage = (enum emit_stage)i;
            return true;
        }
    if (!o->emit)
        return true;
    fprintf(stderr, "ftmc: --emit knows no stage '%s'; there are", o->emit);
    for (int i = 0; i < EMIT_COUNT; i++)
        fprintf(stderr, "%s %s", i ? "," : "", stages[i].name);
    fprintf(stderr, "\nTry 'ftmc --help'.\n");
    return false;
}

static bool choose_source(struct options *o)
{
    if (o->command == COMMAND_convert)
        return true; /* whose --from is of another kind */
    o->from_graph =
        o->from ? strcmp(o->from, "graph") == 0 : o->file && str_ends_with(o->file, ".ftg");
    return !o->from || o->from_graph ||
           usage_error("--from=graph reads a graph; it knows no stage", o->from);
}

/* What only libraries know. */
static bool check_library(const struct options *o)
{
    if (o->separate_weights && o->emit_stage != EMIT_lib && o->emit_stage != EMIT_header)
        return usage_error("--separate-weights is for --emit=lib; with --emit it was",
                           o->emit ? o->emit : "exe");
    const bool tested = o->emit_stage == EMIT_exe || o->emit_stage == EMIT_lib ||
                        o->emit_stage == EMIT_header || o->emit_stage == EMIT_tables;
    if (o->selftest && (o->from_graph || !tested))
        return usage_error("--selftest is for programs and libraries of a recipe; it was",
                           o->from_graph ? "a graph" : o->emit);
    if (o->why && (o->from_graph || (o->emit_stage != EMIT_exe && tested)))
        return usage_error("--why is for programs of a recipe; it was",
                           o->from_graph ? "a graph" : o->emit);
    if (!o->threads)
        return true;
    if (strcmp(o->threads, "none") != 0 && strcmp(o->threads, "openmp") != 0)
        return usage_error("--threads is openmp or none, not", o->threads);
    return o->emit_stage == EMIT_lib ||
           usage_error("only --emit=lib knows --threads; with --emit it was",
                       o->emit ? o->emit : "exe");
}

static bool check_when(const char *given, const char *message)
{
    static const char *const known[] = {"always", "never", "auto"};
    for (int i = 0; given && i < 3; i++)
        if (strcmp(given, known[i]) == 0)
            return true;
    return !given || usage_error(message, given);
}

static bool check_given(const struct options *o, const bool *given)
{
    const struct command_row *command = &command_rows[o->command];
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (given[i] && !option_is_for(&option_rows[i], command))
            return useless_option(&option_rows[i], command);
    return true;
}

static bool is_regular(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A bare word where a file is expected is likely a command that is not known. */
static bool check_word(const struct options *o)
{
    return o->named || !o->file || strpbrk(o->file, "./") || is_regular(o->file) ||
           unknown_word(o->file);
}

/* Whether a word that stands where a file does, or behind it, is a command of programs. */
static bool is_program_word(const struct options *o, const char *word)
{
    return !o->named && program_command_find(word) && !is_regular(word);
}

/* Takes an argument that is no option. */
static bool take_argument(struct options *o, struct arena *arena, char *word, bool only_files)
{
    if (!o->named && !o->file && !only_files && take_command(o, word))
        return true;
    const struct command_row *command = &command_rows[o->command];
    if (is_program_word(o, word))
        return program_word(o, word);
    if (o->file && !check_word(o))
        return false;
    if (o->rest.len + (o->file ? 1U : 0U) >= command->most)
        return usage_error(command->most == 1 && command->least == 1 ? "more than one file:"
                                                                     : "one argument too many:",
                           word);
    if (!o->file)
        o->file = word;
    else
        vec_push(arena, &o->rest, word);
    return true;
}

bool options_parse(struct options *o, struct arena *arena, int argc, char **argv)
{
    *o = (struct options){.command = COMMAND_compile, .argv = argv};
    bool only_files = false, given[OPTION_COUNT] = {0};
    for (int i = 1; i < argc; i++) {
        const bool passed_on = o->file && command_rows[o->command].most == MANY;
        const bool option = argv[i][0] == '-' && argv[i][1] && !only_files && !passed_on;
        if (option && strcmp(argv[i], "--") == 0)
            only_files = true;
        else if (option ? !take_option(o, arena, argv, &i, given)
                        : !take_argument(o, arena, argv[i], only_files || passed_on))
            return false;
        o->file_at = o->file && !o->file_at ? i : o->file_at;
    }
    const uint32_t arguments = o->rest.len + (o->file ? 1 : 0);
    vec_push(arena, &o->defines, NULL);
    vec_push(arena, &o->includes, NULL);
    vec_push(arena, &o->keep, NULL);
    vec_push(arena, &o->rest, NULL);
    if (o->help || o->version)
        return true;
    if (arguments < command_rows[o->command].least)
        return missing_argument(&command_rows[o->command], o->named);
    if (o->keep.len > 1 && !o->infer)
        return usage_error("--keep leaves open what --infer makes constant, which was not given:",
                           o->keep.at[0]);
    return check_word(o) && check_given(o, given) && choose_stage(o) && choose_source(o) &&
           check_library(o) && check_when(o->color, "--color is always, never or auto, not");
}
