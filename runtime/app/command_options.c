/* Options: the table, help and parsing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "command.h"
#include "report.h"

enum option_kind { KIND_FLAG, KIND_INT, KIND_REAL, KIND_SIZE, KIND_TEXT };

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

/* What the numbers of options may be, ends included. */
static const struct range {
    size_t offset; /* of the option's field */
    double min, max;
} ranges[] = {
#define APP_OPTION(field, kind, name, arg, commands, help)
#define APP_RANGE(field, min, max) {offsetof(struct options, field), min, max},
#include "options.def"
#undef APP_OPTION
};

/* The words of options that take one of some, and nothing else. */
static const struct words {
    size_t offset;
    const char *words;
} word_rows[] = {
#define APP_OPTION(field, kind, name, arg, commands, help)
#define APP_WORDS(field, words) {offsetof(struct options, field), words},
#include "options.def"
#undef APP_OPTION
};

void options_print(FILE *out, char letter)
{
    int width = 0;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strchr(option_table[i].commands, letter) && (int)strlen(option_table[i].name) > width)
            width = (int)strlen(option_table[i].name);
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &option_table[i];
        if (strchr(o->commands, letter))
            fprintf(out, "      %-*s %-5s %s\n", width, o->name, o->arg, o->help);
    }
}

/* The letter of a command in options.def; 0: there is none. */
static char letter_of(const char *command)
{
    static const struct {
        const char *name;
        char letter;
    } rows[] = {
#define APP_COMMAND(name, letter, compiled, programs, arguments, help) {#name, letter},
#include "commands.def"
#undef APP_COMMAND
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].name, command))
            return rows[i].letter;
    return '\0';
}

/* Where a number that has no row of its own may be. */
static struct range range_of(const struct option *o)
{
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (ranges[i].offset == o->offset)
            return ranges[i];
    return (struct range){o->offset, 0, o->kind == KIND_INT ? (double)INT64_MAX : 1e30};
}

static bool refuse_number(const struct option *o, const struct range *r, const char *text)
{
    const char *what = o->kind == KIND_INT ? "whole number" : "number";
    return r->max != (double)INT64_MAX ? report_error("%s takes a %s from %.10g to %.10g, not '%s'",
                                                      o->name, what, r->min, r->max, text)
                                       : report_error("%s takes a %s of %.10g or more, not '%s'",
                                                      o->name, what, r->min, text);
}

static bool set_number(const struct option *o, void *field, const char *text)
{
    const struct range r = range_of(o);
    const bool whole = o->kind == KIND_INT;
    char *end;
    errno = 0;
    const long long n = whole ? strtoll(text, &end, 10) : 0;
    const double v = whole ? (double)n : strtod(text, &end);
    if (errno || end == text || *end || !(v >= r.min && v <= r.max))
        return refuse_number(o, &r, text);
    if (whole)
        *(int64_t *)field = n;
    else
        *(double *)field = v;
    return true;
}

/* Which of words between bars a text is, or -1. */
static int word_index(const char *words, const char *text)
{
    const size_t length = strlen(text);
    for (int i = 0;; i++) {
        const size_t n = strcspn(words, "|");
        if (n == length && !strncmp(words, text, n))
            return i;
        if (!words[n])
            return -1;
        words += n + 1;
    }
}

/* "2GB", "500 MB", or a number of bytes. */
static bool set_size(const struct option *o, int64_t *field, const char *text)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"", 1}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}};
    const struct range r = range_of(o);
    char *end;
    const double v = strtod(text, &end);
    const bool number = end != text;
    while (*end == ' ')
        end++;
    for (size_t i = 0; number && i < sizeof units / sizeof units[0]; i++) {
        const double bytes = v * units[i].bytes;
        if (!strcasecmp(end, units[i].name) && bytes >= r.min && bytes <= r.max) {
            *field = (int64_t)bytes;
            return true;
        }
    }
    return report_error("%s takes a size, as 500MB or 2GB, not '%s'", o->name, text);
}

/* The words between the bars, as a sentence has them: "auto, memory or off". */
static void print_words(char *out, size_t size, const char *words)
{
    size_t n = 0;
    for (const char *at = words; *at && n + 5 < size; at++) {
        const bool last = *at == '|' && !strchr(at + 1, '|');
        n += (size_t)snprintf(out + n, size - n, *at != '|' ? "%c" : last ? " or " : ", ", *at);
    }
}

static bool set_text(const struct option *o, const char **field, const char *text)
{
    char known[128];
    *field = text;
    for (size_t i = 0; i < sizeof word_rows / sizeof word_rows[0]; i++) {
        if (word_rows[i].offset != o->offset || word_index(word_rows[i].words, text) >= 0)
            continue;
        print_words(known, sizeof known, word_rows[i].words);
        return report_error("%s takes %s, not '%s'", o->name, known, text);
    }
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
        return set_text(o, field, value);
    else if (o->kind == KIND_SIZE)
        return set_size(o, field, value);
    else
        return set_number(o, field, value);
    return true;
}

/* The option that argument `arg` (of that length) names, for that command. */
static const struct option *find_option(const char *arg, size_t length, const char *command)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &option_table[i];
        if (strlen(o->name) == length && !strncmp(o->name, arg, length) &&
            strchr(o->commands, letter_of(command)))
            return o;
    }
    report_error("'%s' has no option %.*s", command, (int)length, arg);
    return NULL;
}

/* Handles argv[*i], which begins with "--"; --name VALUE and --name=VALUE are the same. */
static bool parse_option(struct options *options, const char *command, int argc, char **argv,
                         int *i)
{
    const char *arg = argv[*i], *equals = strchr(arg, '=');
    size_t length = equals ? (size_t)(equals - arg) : strlen(arg);
    const struct option *o = find_option(arg, length, command);
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

bool options_parse(struct options *options, const char *command, int argc, char **argv,
                   const char **files)
{
    bool only_files = false;
    for (int i = 2; i < argc; i++) {
        if (only_files || strncmp(argv[i], "--", 2) != 0)
            files[options->file_count++] = argv[i];
        else if (!argv[i][2])
            only_files = true;
        else if (!parse_option(options, command, argc, argv, &i))
            return false;
    }
    options->files = files;
    return true;
}

const char *options_other(const struct options *options, const char *const *allowed)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        bool is_allowed = !*(const bool *)((const char *)options + option_table[i].given);
        for (const char *const *a = allowed; *a; a++)
            is_allowed = is_allowed || !strcmp(*a, option_table[i].name);
        if (!is_allowed)
            return option_table[i].name;
    }
    return NULL;
}

static json_t *option_json(const struct options *options, const struct option *o)
{
    const void *field = (const char *)options + o->offset;
    switch (o->kind) {
    case KIND_FLAG: return json_true();
    case KIND_INT:
    case KIND_SIZE: return json_integer(*(const int64_t *)field);
    case KIND_REAL: return json_real(*(const double *)field);
    case KIND_TEXT: break;
    }
    return json_string(*(const char *const *)field); /* NULL for what is not UTF-8 */
}

json_t *options_json(const struct options *options)
{
    json_t *given = json_object();
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &option_table[i];
        if (!*(const bool *)((const char *)options + o->given))
            continue;
        json_t *value = option_json(options, o);
        json_object_set_new(given, o->name, value ? value : json_string("?"));
    }
    return given;
}
