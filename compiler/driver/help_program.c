/* Help on the commands of compiled programs, and on words wherever they stand in the rows. */
#include <ctype.h>
#include <string.h>

#include "calls.h"
#include "help.h"
#include "program_commands.h"
#include "str.h"

void help_program_options(const struct program_command *command, FILE *out)
{
    for (size_t i = 0; i < program_option_count; i++) {
        const struct program_option *o = &program_options[i];
        char text[64];
        snprintf(text, sizeof text, "%s%s%s", o->name, *o->argument ? " " : "", o->argument);
        if (program_option_is_for(o, command))
            fprintf(out, "  %-22s %s\n", text, o->help);
    }
}

bool help_program_topic(const char *topic, FILE *out)
{
    const struct program_command *c = program_command_find(topic);
    if (!c)
        return false;
    fprintf(out,
            "usage: ftmc run FILE.ftm %s [OPTION]...%s%s\n       ./PROGRAM %s [OPTION]...%s%s\n\n"
            "%s\n\noptions:\n",
            c->name, *c->arguments ? " " : "", c->arguments, c->name, *c->arguments ? " " : "",
            c->arguments, c->help);
    help_program_options(c, out);
    return true;
}

/* ---- words ---- */

/* Whether a text has the words, in whatever case. */
static bool says(const char *text, const char *words)
{
    for (; *text; text++) {
        size_t n = 0;
        while (words[n] && tolower((unsigned char)text[n]) == tolower((unsigned char)words[n]))
            n++;
        if (!words[n])
            return true;
    }
    return false;
}

struct search {
    struct arena *arena;
    const char *words;
    FILE *out;
    uint32_t found;
};

static void consider(struct search *s, const char *name, const char *help)
{
    if (!says(help, s->words))
        return;
    if (!s->found++)
        fprintf(s->out, "what is said of '%s':\n", s->words);
    fprintf(s->out, "  %-34s %s\n", name, help);
}

static void search_command_lines(struct search *s)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        consider(s, arena_printf(s->arena, "ftmc %s", command_rows[i].name), command_rows[i].help);
    for (uint32_t i = 0; i < option_row_count; i++) {
        const struct option_row *r = &option_rows[i];
        consider(s,
                 r->long_name ? arena_printf(s->arena, "ftmc --%s", r->long_name)
                              : arena_printf(s->arena, "ftmc -%s", r->short_name),
                 r->help);
    }
    for (size_t i = 0; i < program_command_count; i++)
        consider(s, arena_printf(s->arena, "ftmc run FILE.ftm %s", program_commands[i].name),
                 program_commands[i].help);
    for (size_t i = 0; i < program_option_count; i++)
        consider(s, arena_printf(s->arena, "ftmc run FILE.ftm ... %s", program_options[i].name),
                 program_options[i].help);
}

static void search_calls(struct search *s)
{
    for (uint32_t i = 0; i < call_count(); i++) {
        const struct ftmrt_call_info *info = call_row(i);
        const bool block = info->category == FTMRT_CATEGORY_BLOCK;
        consider(s, arena_printf(s->arena, "%s%s", info->name, block ? " { ... }" : "(...)"),
                 info->help);
        for (uint32_t k = 0; k < info->param_count; k++)
            consider(s,
                     arena_printf(s->arena, block ? "%s { %s }" : "%s(%s = ...)", info->name,
                                  info->params[k].name),
                     info->params[k].help);
    }
}

bool help_search(struct arena *arena, const char *words, FILE *out)
{
    struct search s = {arena, words, out, 0};
    search_command_lines(&s);
    search_calls(&s);
    return s.found > 0;
}
