/* Reads the command line by the tables; getopt_long has no names like -### and no help. */
#include "options.h"

#include <string.h>

#include "str.h"

enum kind { KIND_FLAG, KIND_TEXT, KIND_LIST };

struct row {
    enum kind kind;
    const char *short_name, *long_name, *argument, *help;
    size_t offset;
};

static const struct row rows[] = {
#define FTM_FLAG(field, short_name, long_name, help)                                               \
    {KIND_FLAG, short_name, long_name, NULL, help, offsetof(struct options, field)},
#define FTM_TEXT(field, short_name, long_name, argument, help)                                     \
    {KIND_TEXT, short_name, long_name, argument, help, offsetof(struct options, field)},
#define FTM_LIST(field, short_name, long_name, argument, help)                                     \
    {KIND_LIST, short_name, long_name, argument, help, offsetof(struct options, field)},
#include "ftmc_options.def"
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static const struct {
    const char *name, *argument, *help;
} commands[] = {
#define FTM_COMMAND(name, argument, help) {#name, argument, help},
#include "command.def"
#undef FTM_COMMAND
};

static const struct {
    const char *name;
    bool text;
} stages[] = {
#define FTM_EMIT(name, text) {#name, text},
#include "stages.def"
#undef FTM_EMIT
};

bool emit_is_text(enum emit_stage stage) { return stages[stage].text; }

static bool usage_error(const char *what, const char *argument)
{
    fprintf(stderr, "ftmc: %s '%s'\nTry 'ftmc --help'.\n", what, argument);
    return false;
}

static bool unknown_option(const char *argument)
{
    const char *names[ROW_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].long_name)
            names[count++] = rows[i].long_name;
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

/* The row that an argument names; *value is its text behind '=' or the option's letter, or NULL. */
static const struct row *find_row(const char *argument, const char **value)
{
    *value = NULL;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *r = &rows[i];
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
            (argument[1 + n] == '\0' || r->kind != KIND_FLAG)) {
            *value = argument[1 + n] ? argument + 1 + n : NULL;
            return r;
        }
    }
    return NULL;
}

static void set_text(struct options *o, struct arena *arena, const struct row *r, const char *value)
{
    void *field = (char *)o + r->offset;
    const char **text = field;
    text_list *list = field;
    if (r->kind == KIND_LIST)
        vec_push(arena, list, value);
    else
        *text = value;
}

/* Takes the option at argv[*i] and its argument. */
static bool take_option(struct options *o, struct arena *arena, char **argv, int *i)
{
    const char *value;
    const struct row *r = find_row(argv[*i], &value);
    if (!r)
        return unknown_option(argv[*i]);
    if (r->kind == KIND_FLAG) {
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
        if (strcmp(word, commands[i].name) == 0) {
            o->command = (enum command)i;
            return true;
        }
    return false;
}

static bool choose_stage(struct options *o)
{
    o->emit_stage = o->passes || o->stop_after ? EMIT_graph : EMIT_exe;
    for (int i = 0; o->emit && i < EMIT_COUNT; i++)
        if (strcmp(o->emit, stages[i].name) == 0) {
            o->emit_stage = (enum emit_stage)i;
            return true;
        }
    return !o->emit || usage_error("--emit knows no stage", o->emit);
}

static bool choose_source(struct options *o)
{
    o->from_graph =
        o->from ? strcmp(o->from, "graph") == 0 : o->file && str_ends_with(o->file, ".ftg");
    return !o->from || o->from_graph || usage_error("--from knows no stage", o->from);
}

static bool check_color(const struct options *o)
{
    static const char *const known[] = {"always", "never", "auto"};
    for (int i = 0; o->color && i < 3; i++)
        if (strcmp(o->color, known[i]) == 0)
            return true;
    return !o->color || usage_error("--color is always, never or auto, not", o->color);
}

bool options_parse(struct options *o, struct arena *arena, int argc, char **argv)
{
    *o = (struct options){.command = COMMAND_compile};
    bool named = false, only_files = false;
    for (int i = 1; i < argc; i++) {
        bool option = argv[i][0] == '-' && argv[i][1] && !only_files;
        if (option && strcmp(argv[i], "--") == 0)
            only_files = true;
        else if (option && !take_option(o, arena, argv, &i))
            return false;
        else if (!option && !named && !o->file && !only_files && take_command(o, argv[i]))
            named = true;
        else if (!option && o->file)
            return usage_error("more than one file:", argv[i]);
        else if (!option)
            o->file = argv[i];
    }
    vec_push(arena, &o->defines, NULL);
    vec_push(arena, &o->includes, NULL);
    if (o->help || o->version)
        return true;
    if (!o->file && o->command != COMMAND_models) {
        fprintf(stderr, "ftmc: no input file\nTry 'ftmc --help'.\n");
        return false;
    }
    return choose_stage(o) && choose_source(o) && check_color(o);
}

void options_help(FILE *out)
{
    fprintf(out, "ftmc compiles a .ftm description and pretrained weights to a program that "
                 "fine-tunes.\n\n");
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  ftmc %-8s%-10s %s\n", i ? commands[i].name : "", commands[i].argument,
                commands[i].help);
    fprintf(out, "\noptions:\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *r = &rows[i];
        char text[64];
        snprintf(text, sizeof text, "%s%s%s%s%s%s%s", r->short_name ? "-" : "",
                 r->short_name ? r->short_name : "", r->short_name && r->long_name ? ", " : "",
                 r->long_name ? "--" : "", r->long_name ? r->long_name : "",
                 !r->argument   ? ""
                 : r->long_name ? "="
                                : " ",
                 r->argument ? r->argument : "");
        fprintf(out, "  %-22s %s\n", text, r->help);
    }
    fprintf(out, "\nexit codes: 0 done, 1 an error in the input or environment, 2 wrong usage, 70 "
                 "a bug of ftmc\n");
}
