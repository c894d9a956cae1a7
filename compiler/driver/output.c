/* Where the output goes; whether it can, which is found before the work, not after it by the linker; and how texts get there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compilation.h"
#include "file.h"
#include "replace.h"
#include "str.h"

/* The file's name without its folder and ending. */
static const char *default_output(struct compilation *c)
{
    const char *base = file_base(c->options->file);
    const char *dot = strrchr(base, '.');
    size_t length = dot && dot != base ? (size_t)(dot - base) : strlen(base);
    const char *stem = arena_strndup(&c->arena, base, length);
    if (c->options->emit_stage == EMIT_obj)
        return arena_printf(&c->arena, "%s.o", stem);
    if (c->options->emit_stage == EMIT_lib)
        return arena_printf(&c->arena, "%s-lib", stem);
    if (c->options->emit_stage == EMIT_peft)
        return arena_printf(&c->arena, "%s-adapter", stem);
    return strcmp(stem, base) == 0 ? arena_printf(&c->arena, "%s.out", stem) : stem;
}

void output_choose(struct compilation *c)
{
    const struct options *o = c->options;
    const bool text = o->command != COMMAND_compile || emit_is_text(o->emit_stage);
    c->output = o->output || text ? o->output : default_output(c);
    if (o->output && emit_is_folder(o->emit_stage))
        c->output = file_without_slashes(&c->arena, o->output);
}

/* Whether a file begins as a program does. */
static bool is_program(const char *path)
{
    struct file_map m;
    const bool open = file_map_open(&m, path);
    const bool elf = open && m.size >= 4 && memcmp(m.data, "\177ELF", 4) == 0;
    if (open)
        file_map_close(&m);
    return elf;
}

/* A folder stands where the output would be: often that of the pictures, beside their recipe. */
static void report_folder(struct compilation *c)
{
    diag_report(&c->diag, SPAN_NONE, DIAG_OUTPUT_FOLDER, c->output);
    const bool program = c->options->emit_stage == EMIT_exe;
    const char *other = arena_printf(&c->arena, "%s%s", c->output, program ? ".program" : ".out");
    diag_note(&c->diag, "name the %s with -o, as in `ftmc %s -o %s`",
              program ? "program" : "output", compilation_word(c, c->options->file),
              compilation_word(c, other));
}

static void report_program(struct compilation *c)
{
    diag_report(&c->diag, SPAN_NONE, DIAG_OUTPUT_PROGRAM, c->output,
                stage_name(c->options->emit_stage));
    diag_note(&c->diag, "name another file with -o, or leave it out to print the text");
}

/* Whether a library, or an adapter, can be put into the output folder, or that can be made. */
static void check_folder(struct compilation *c, bool there)
{
    const char *folder = there ? c->output : file_dir(&c->arena, c->output);
    if (access(folder, W_OK | X_OK) != 0)
        diag_system(&c->diag, c->output, errno);
}

void output_check(struct compilation *c)
{
    struct stat st;
    if (!c->output || c->options->show_command)
        return;
    const bool there = stat(c->output, &st) == 0;
    const bool folder = emit_is_folder(c->options->emit_stage);
    if (there && folder && !S_ISDIR(st.st_mode))
        diag_report(&c->diag, SPAN_NONE, DIAG_SYSTEM, c->output, "not a folder");
    else if (folder)
        check_folder(c, there);
    else if (there && S_ISDIR(st.st_mode))
        report_folder(c);
    else if (there && !S_ISREG(st.st_mode)) /* a rename would replace /dev/null */
        diag_report(&c->diag, SPAN_NONE, DIAG_SYSTEM, c->output, "not a regular file");
    else if (access(file_dir(&c->arena, c->output), W_OK | X_OK) != 0)
        diag_system(&c->diag, c->output, errno);
    else if (there && emit_is_text(c->options->emit_stage) && is_program(c->output))
        report_program(c);
}

/* ---- texts ---- */

/* Replaces the -o file as a whole. */
static bool replace_output(struct compilation *c, const char *text, size_t size)
{
    if (replace_whole(c->output, text, size, NULL, 0) == FTMRT_OK)
        return true;
    diag_system(&c->diag, c->output, errno);
    return false;
}

bool output_print(struct compilation *c, void (*print)(struct compilation *c, FILE *out))
{
    if (!c->output) {
        print(c, stdout);
        return true;
    }
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    FTM_BUG_ON(!out, "out of memory");
    print(c, out);
    const bool whole = fclose(out) == 0;
    if (!whole)
        diag_system(&c->diag, c->output, errno);
    const bool ok = whole && replace_output(c, text, size);
    free(text);
    return ok;
}

bool output_text(struct compilation *c, const struct strbuf *text)
{
    return c->output ? replace_output(c, text->text, text->len)
                     : fwrite(text->text, 1, text->len, stdout) == text->len;
}
