/* Completion of command lines in shells, printed from the rows of commands, options, stages and topics. */
#include <string.h>

#include "cpu.h"
#include "help.h"
#include "program_commands.h"

/* ---- words ---- */

static void print_commands(FILE *out)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "%s%s", i ? " " : "", command_rows[i].name);
}

/* The options of a command, or of all (NULL). */
static void print_options(const struct command_row *command, FILE *out)
{
    const char *blank = "";
    for (uint32_t i = 0; i < option_row_count; i++) {
        const struct option_row *r = &option_rows[i];
        if (command && !option_is_for(r, command))
            continue;
        if (r->long_name)
            fprintf(out, "%s--%s%s", blank, r->long_name, r->argument ? "=" : "");
        else
            fprintf(out, "%s-%s", blank, r->short_name);
        blank = " ";
    }
}

static void print_program_commands(FILE *out)
{
    for (size_t i = 0; i < program_command_count; i++)
        fprintf(out, "%s%s", i ? " " : "", program_commands[i].name);
}

static void print_program_options(const struct program_command *command, FILE *out)
{
    const char *blank = "";
    for (size_t i = 0; i < program_option_count; i++)
        if (program_option_is_for(&program_options[i], command)) {
            fprintf(out, "%s%s%s", blank, program_options[i].name,
                    *program_options[i].argument ? "=" : "");
            blank = " ";
        }
}

static void print_topics(struct arena *arena, FILE *out)
{
    const text_list names = help_names(arena);
    for (uint32_t i = 0; i < names.len; i++)
        fprintf(out, "%s%s", i ? " " : "", names.at[i]);
}

static void print_stages(FILE *out)
{
    for (int i = 0; i < EMIT_COUNT; i++)
        fprintf(out, "%s%s", i ? " " : "", stage_name((enum emit_stage)i));
}

static void print_levels(FILE *out)
{
    fputs("native", out);
    for (uint32_t i = 0; i < cpu_count(); i++)
        fprintf(out, " %s", cpu_at(i)->name);
}

static void print_targets(FILE *out)
{
    for (uint32_t i = 0; i < target_count(); i++)
        fprintf(out, "%s%s", i ? " " : "", target_at(i)->name);
}

/* ---- bash ---- */

/* What follows `ftmc run FILE.ftm`: a command of programs, then its options. */
static void print_run(FILE *out)
{
    fprintf(out, "    if [ \"${COMP_WORDS[1]}\" = %s ] && [ $COMP_CWORD = 3 ]; then words=\"",
            command_rows[COMMAND_run].name);
    print_program_commands(out);
    fprintf(out, "\"; fi\n    case ${COMP_WORDS[1]}:${COMP_WORDS[3]}:$word in\n");
    for (size_t i = 0; i < program_command_count; i++) {
        fprintf(out, "        %s:%s:-*) words=\"", command_rows[COMMAND_run].name,
                program_commands[i].name);
        print_program_options(&program_commands[i], out);
        fputs("\" ;;\n", out);
    }
    fputs("    esac\n", out);
}

/* A function that sets `words` to what can follow. Both shells run it: zsh has bash's functions by bashcompinit. */
static void print_body(struct arena *arena, FILE *out)
{
    fputs("_ftmc_words() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
          "    if [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
          "    if [ \"$word\" = = ]; then word=; fi\n"
          "    case $before in\n",
          out);
    fputs("        --emit) words=\"", out);
    print_stages(out);
    fputs("\" ;;\n        --cpu) words=\"", out);
    print_levels(out);
    fputs("\" ;;\n        --target) words=\"", out);
    print_targets(out);
    fputs("\" ;;\n        --color) words=\"always never auto\" ;;\n"
          "        ftmc|*/ftmc) words=\"",
          out);
    print_commands(out);
    fprintf(out, "\" ;;\n        %s) words=\"", command_rows[COMMAND_help].name);
    print_topics(arena, out);
    fprintf(out, "\" ;;\n        %s) words=\"bash zsh\" ;;\n    esac\n",
            command_rows[COMMAND_completion].name);
    print_run(out);
    fputs("    case $word in -*) [ -n \"$words\" ] || case ${COMP_WORDS[1]} in\n", out);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "        %s) words=\"", command_rows[i].name);
        print_options(&command_rows[i], out);
        fputs("\" ;;\n", out);
    }
    fputs("        *) words=\"", out);
    print_options(NULL, out);
    fputs("\" ;;\n    esac ;; esac\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\"))\n"
          "    case ${COMPREPLY[0]} in *=) compopt -o nospace 2>/dev/null ;; esac\n"
          "}\n",
          out);
}

bool completion_print(struct arena *arena, const char *shell, FILE *out)
{
    const bool zsh = !strcmp(shell, "zsh");
    if (!zsh && strcmp(shell, "bash") != 0)
        return false;
    if (zsh)
        fputs("#compdef ftmc\nautoload -U +X bashcompinit && bashcompinit\n", out);
    print_body(arena, out);
    fputs("complete -o filenames -F _ftmc_words ftmc\n", out);
    if (zsh) /* the file is the function that zsh loads at the first completion, which wants an answer, too */
        fputs("[ \"${funcstack[1]}\" != _ftmc ] || _bash_complete -o filenames -F _ftmc_words\n",
              out);
    return true;
}
