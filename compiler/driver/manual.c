/* `ftmc manual`: ftmc(1), in the macros of man(7), printed from the rows of commands and options. */
#include <string.h>

#include "compile.h"
#include "help.h"
#include "program_commands.h"

/* ---- roff ---- */

/* Text of a line, whose characters are those of command lines and never a request. */
static void add_text(FILE *out, const char *text)
{
    static const struct {
        char character;
        const char *escape;
    } special[] = {{'\\', "\\e"},   {'-', "\\-"},   {'`', "\\(ga"},
                   {'\'', "\\(aq"}, {'^', "\\(ha"}, {'~', "\\(ti"}};
    if (*text == '.')
        fputs("\\&", out);
    for (; *text; text++) {
        const char *escape = NULL;
        for (size_t i = 0; i < sizeof special / sizeof *special; i++)
            escape = special[i].character == *text ? special[i].escape : escape;
        if (escape)
            fputs(escape, out);
        else
            fputc(*text, out);
    }
}

/* A paragraph with a title of its own, in bold. */
static void add_item(FILE *out, const char *title, const char *text)
{
    fputs(".TP\n.B ", out);
    add_text(out, title);
    fputc('\n', out);
    add_text(out, text);
    fputc('\n', out);
}

static void add_section(FILE *out, const char *title) { fprintf(out, ".SH \"%s\"\n", title); }

static void add_paragraph(FILE *out, const char *text)
{
    fputs(".PP\n", out);
    add_text(out, text);
    fputc('\n', out);
}

/* ---- sections ---- */

static void add_synopsis(FILE *out)
{
    add_section(out, "SYNOPSIS");
    for (int i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *c = &command_rows[i];
        fputs(i ? ".br\n.B ftmc" : ".B ftmc", out);
        fprintf(out, "%s%s [OPTION]...%s", i ? " " : "", i ? c->name : "", *c->argument ? " " : "");
        add_text(out, c->argument);
        fputc('\n', out);
    }
}

/* The commands that take an option: "compile, run"; "" for all of them. */
static const char *takers(struct arena *arena, const struct option_row *option)
{
    const char *text = "";
    for (int i = 0; option->commands[0] != '*' && i < COMMAND_COUNT; i++)
        if (option_is_for(option, &command_rows[i]))
            text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", command_rows[i].name);
    return text;
}

static void add_options(struct arena *arena, FILE *out)
{
    add_section(out, "OPTIONS");
    for (uint32_t i = 0; i < option_row_count; i++) {
        const struct option_row *r = &option_rows[i];
        const char *of = takers(arena, r);
        const char *short_form = r->short_name
                                     ? arena_printf(arena, "-%s%s%s", r->short_name,
                                                    !r->long_name && r->argument ? " " : "",
                                                    !r->long_name && r->argument ? r->argument : "")
                                     : "";
        const char *long_form =
            r->long_name ? arena_printf(arena, "--%s%s%s", r->long_name, r->argument ? "=" : "",
                                        r->argument ? r->argument : "")
                         : "";
        add_item(out,
                 arena_printf(arena, "%s%s%s", short_form, *short_form && *long_form ? ", " : "",
                              long_form),
                 *of ? arena_printf(arena, "%s (%s)", r->help, of) : r->help);
    }
}

static void add_program_command(struct arena *arena, const struct program_command *c, FILE *out)
{
    fprintf(out, ".SS %s\n", c->name);
    add_text(out, c->help);
    fputc('\n', out);
    for (size_t i = 0; i < program_option_count; i++) {
        const struct program_option *o = &program_options[i];
        if (program_option_is_for(o, c))
            add_item(out,
                     arena_printf(arena, "%s%s%s", o->name, *o->argument ? " " : "", o->argument),
                     o->help);
    }
}

static void add_programs(struct arena *arena, FILE *out)
{
    add_section(out, "PROGRAMS");
    add_paragraph(out, "What ftmc makes is a program of its own: ./NAME COMMAND [OPTION]..., or "
                       "ftmc run FILE.ftm COMMAND [OPTION]... without a file of one's own. Its "
                       "exit codes are");
    for (size_t i = 0; i < program_exit_count; i++)
        add_item(out, arena_printf(arena, "%d", program_exits[i].code), program_exits[i].meaning);
    add_paragraph(out, "and its commands:");
    for (size_t i = 0; i < program_command_count; i++)
        add_program_command(arena, &program_commands[i], out);
}

static void add_surroundings(FILE *out)
{
    add_section(out, "EXIT STATUS");
    add_paragraph(out, help_exit_codes);
    add_section(out, "ENVIRONMENT");
    add_item(out, "CC",
             "the C compiler that links programs, with options or without (default: cc)");
    add_item(out, "TMPDIR", "where objects lie while a program is linked (default: /tmp)");
    add_item(out, "XDG_CACHE_HOME",
             "programs of `ftmc run` are kept in ftmc/ there (default: ~/.cache)");
    add_item(out, "FTM_RUNS", "the folder of a program's runs, where --runs does not name it");
    add_section(out, "SEE ALSO");
    add_paragraph(out,
                  "`ftmc help TOPIC` explains every layer, setting, transform and optimizer; the "
                  "language is in grammar/README.md and examples are in README.md of the "
                  "documentation's folder.");
}

void manual_print(struct arena *arena, FILE *out)
{
    fprintf(out, ".TH FTMC 1 \"\" \"%s\" \"User Commands\"\n", compile_version());
    add_section(out, "NAME");
    add_text(out, "ftmc - compiles descriptions and pretrained weights to programs that fine-tune");
    fputc('\n', out);
    add_synopsis(out);
    add_section(out, "COMMANDS");
    for (int i = 0; i < COMMAND_COUNT; i++)
        add_item(out, arena_printf(arena, "%s %s", command_rows[i].name, command_rows[i].argument),
                 command_rows[i].help);
    add_options(arena, out);
    add_programs(arena, out);
    add_surroundings(out);
}
