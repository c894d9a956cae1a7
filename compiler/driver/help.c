/* What ftmc says about itself: its command line, and every row that a description can use. */
#include "help.h"

#include <string.h>

#include "argument.h"
#include "calls.h"
#include "program_commands.h"
#include "str.h"

/* ---- the command line ---- */

const char help_exit_codes[] =
    "0 done, 1 an error in the input or environment, 2 wrong usage, 70 a bug of ftmc";

static void print_option(const struct option_row *r, FILE *out)
{
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

static void print_commands(FILE *out)
{
    fprintf(out, "ftmc compiles a .ftm description and pretrained weights to a program that "
                 "fine-tunes.\n\n");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *c = &command_rows[i];
        char text[64];
        snprintf(text, sizeof text, "%s%s%s", i ? c->name : "", i ? " " : "", c->argument);
        fprintf(out, "  ftmc %-32s %s\n", text, c->help);
    }
}

static void print_command(const struct command_row *c, FILE *out)
{
    const bool first = c == &command_rows[0];
    fprintf(out, "usage: ftmc %s%s[OPTION]... %s\n\n%s\n", first ? "" : c->name, first ? "" : " ",
            c->argument, c->help);
}

void help_usage(const struct command_row *only, FILE *out)
{
    if (only)
        print_command(only, out);
    else
        print_commands(out);
    fprintf(out, "\noptions:\n");
    for (size_t i = 0; i < option_row_count; i++)
        if (!only || option_is_for(&option_rows[i], only))
            print_option(&option_rows[i], out);
    if (!only)
        fprintf(out, "\n`ftmc help TOPIC` explains a command, a layer, a setting; `ftmc COMMAND "
                     "--help` has a command's own options\n");
    fprintf(out, "exit codes: %s\n", help_exit_codes);
}

/* ---- calls ---- */

static void print_pytorch(const char *name, FILE *out)
{
    if (strcmp(name, "none") != 0)
        fprintf(out, "  (PyTorch: %s)", name);
}

static void print_param(struct arena *arena, const struct ftmrt_param_info *p, FILE *out)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    strbuf_add(&b, p->name);
    call_default(&b, p);
    fprintf(out, "  %-28s %s", b.text, p->help);
    print_pytorch(p->pytorch, out);
    fprintf(out, "\n  %-28s %s", "", argument_wanted(arena, p));
    if (p->min <= p->max)
        fprintf(out, ", from %g to %g", p->min, p->max);
    if (!p->value)
        fprintf(out, "; must be given");
    fputc('\n', out);
}

static void print_params(struct arena *arena, const struct ftmrt_call_info *info, FILE *out)
{
    for (uint32_t i = 0; i < info->param_count; i++)
        if (info->params[i].type != FTMRT_TYPE_LOSS_FACTORS) /* written with the losses */
            print_param(arena, &info->params[i], out);
}

static void print_call(struct arena *arena, const struct ftmrt_call_info *info, FILE *out)
{
    struct strbuf b;
    strbuf_init(&b, arena);
    call_signature(&b, info);
    fprintf(out, "%s\n  %s", b.text, info->help);
    print_pytorch(info->pytorch, out);
    fputc('\n', out);
    print_params(arena, info, out);
}

static void print_block(struct arena *arena, const struct ftmrt_call_info *info, FILE *out)
{
    fprintf(out, "%s { ... }: %s; its keys are\n", info->name, info->help);
    print_params(arena, info, out);
}

static void print_chapter(struct arena *arena, const struct call_chapter *c, FILE *out)
{
    fprintf(out, "%s:\n", c->title);
    for (uint32_t i = 0; i < call_count(); i++) {
        const struct ftmrt_call_info *info = call_row(i);
        if (info->category != c->category)
            continue;
        struct strbuf b;
        strbuf_init(&b, arena);
        call_signature(&b, info);
        fprintf(out, "  %s\n      %s", b.text, info->help);
        print_pytorch(info->pytorch, out);
        fputc('\n', out);
    }
}

/* Everything among the rows of calls that has this name. */
static bool print_calls(struct arena *arena, const char *topic, FILE *out)
{
    bool found = false;
    for (uint32_t i = 0; i < call_count(); i++) {
        const struct ftmrt_call_info *info = call_row(i);
        const bool block = info->category == FTMRT_CATEGORY_BLOCK;
        if (!strcmp(info->name, topic)) {
            if (block)
                print_block(arena, info, out);
            else
                print_call(arena, info, out);
            found = true;
        }
        for (uint32_t k = 0; block && k < info->param_count; k++)
            if (!strcmp(info->params[k].name, topic)) {
                fprintf(out, "a key of %s:\n", info->name);
                print_param(arena, &info->params[k], out);
                found = true;
            }
    }
    return found;
}

/* ---- other rows ---- */

static const struct {
    const char *name, *help;
} functions[] = {
#define FTM_FUNCTION(name, least, most, help) {#name, help},
#include "functions.def"
};

static const struct {
    const char *key, *help;
} published_keys[] = {
#define FTM_PUBLISHED(key, kind, must, help) {#key, help},
#include "published.def"
};

enum {
    FUNCTIONS = sizeof functions / sizeof *functions,
    PUBLISHED_KEYS = sizeof published_keys / sizeof *published_keys
};

/* The topics that are a list of their own. */
static const char topic_functions[] = "functions", topic_published[] = "published";

static bool print_functions(const char *topic, FILE *out)
{
    const bool all = !strcmp(topic, topic_functions);
    bool found = all;
    if (all)
        fprintf(out, "Functions of numbers and lists:\n");
    for (int i = 0; i < FUNCTIONS; i++)
        if (all || !strcmp(topic, functions[i].name)) {
            fprintf(out, "  %s(...)  %s\n", functions[i].name, functions[i].help);
            found = true;
        }
    return found;
}

static bool print_published(const char *topic, FILE *out)
{
    if (strcmp(topic, topic_published) != 0)
        return false;
    fprintf(out, "published NAME { ... }, beside a model; its keys are\n");
    for (int i = 0; i < PUBLISHED_KEYS; i++)
        fprintf(out, "  %-10s %s\n", published_keys[i].key, published_keys[i].help);
    return true;
}

static bool print_chapters(struct arena *arena, const char *topic, FILE *out)
{
    for (uint32_t i = 0; call_chapter(i); i++)
        if (!strcmp(topic, call_chapter(i)->topic)) {
            print_chapter(arena, call_chapter(i), out);
            return true;
        }
    return false;
}

/* ---- topics ---- */

static bool print_command_topic(const char *topic, FILE *out)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(topic, command_rows[i].name)) {
            help_usage(&command_rows[i], out);
            return true;
        }
    return false;
}

bool help_topic(struct arena *arena, const char *topic, FILE *out)
{
    bool found = print_command_topic(topic, out);
    found = help_program_topic(topic, out) || found;
    found = print_chapters(arena, topic, out) || found;
    found = print_calls(arena, topic, out) || found;
    found = print_functions(topic, out) || found;
    return print_published(topic, out) || found;
}

text_list help_names(struct arena *arena)
{
    text_list names = {0};
    for (int i = 0; i < COMMAND_COUNT; i++)
        vec_push(arena, &names, command_rows[i].name);
    for (size_t i = 0; i < program_command_count; i++)
        vec_push(arena, &names, program_commands[i].name);
    for (uint32_t i = 0; call_chapter(i); i++)
        vec_push(arena, &names, call_chapter(i)->topic);
    for (uint32_t i = 0; i < call_count(); i++) {
        const struct ftmrt_call_info *info = call_row(i);
        vec_push(arena, &names, info->name);
        for (uint32_t k = 0; info->category == FTMRT_CATEGORY_BLOCK && k < info->param_count; k++)
            vec_push(arena, &names, info->params[k].name);
    }
    for (int i = 0; i < FUNCTIONS; i++)
        vec_push(arena, &names, functions[i].name);
    vec_push(arena, &names, topic_functions);
    vec_push(arena, &names, topic_published);
    return names;
}

static void print_names(enum ftmrt_category category, FILE *out)
{
    unsigned column = 6;
    fputs("     ", out);
    for (uint32_t i = 0; i < call_count(); i++) {
        const struct ftmrt_call_info *info = call_row(i);
        if (info->category != category)
            continue;
        const unsigned length = (unsigned)strlen(info->name) + 1;
        if (column + length > 100) {
            fputs("\n     ", out);
            column = 6;
        }
        fprintf(out, " %s", info->name);
        column += length;
    }
    fputc('\n', out);
}

void help_overview(FILE *out)
{
    fprintf(out, "`ftmc help TOPIC` explains one of these.\n\n  commands\n     ");
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, " %s", command_rows[i].name);
    fprintf(out, "\n  commands of programs: ftmc run FILE.ftm ...\n     ");
    for (size_t i = 0; i < program_command_count; i++)
        fprintf(out, " %s", program_commands[i].name);
    fprintf(out, "\n  blocks, and their keys by name\n");
    print_names(FTMRT_CATEGORY_BLOCK, out);
    for (uint32_t i = 0; call_chapter(i); i++) {
        fprintf(out, "  %s\n", call_chapter(i)->topic);
        print_names(call_chapter(i)->category, out);
    }
    fprintf(out, "  %s\n     ", topic_functions);
    for (int i = 0; i < FUNCTIONS; i++)
        fprintf(out, " %s", functions[i].name);
    fprintf(out, "\n  %s\n", topic_published);
}
