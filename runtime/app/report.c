/* Messages to the user, and memory that cannot fail. */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell_word.h"

static _Thread_local struct report_held *holder;

static void *or_exit(void *p)
{
    if (!p) {
        holder = NULL;
        report_error("out of memory");
        exit(1);
    }
    return p;
}

/* Allocated. */
static char *format_text(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = or_exit(calloc((size_t)length + 1, 1));
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *report_word(const char *word)
{
    const size_t size = shell_word(word, NULL, 0) + 1;
    char *text = app_alloc(size, 1);
    shell_word(word, text, size);
    return text;
}

const char *report_command(void)
{
    static char *own;
    const char *through = getenv("FTM_COMMAND"); /* which `ftmc run` sets */
    if (!through && !own)
        own = report_word(program_invocation_name);
    return through ? through : own;
}

void report_hold(struct report_held *held) { holder = held; }

void report_release(struct report_held *held)
{
    if (held->lines) {
        fflush(stdout);
        fputs(held->lines, stderr);
    }
    free(held->lines);
    held->lines = NULL;
}

/* Adds a line to what the thread holds. */
static void hold_line(const char *kind, const char *format, va_list args)
{
    char *old = holder->lines, *text = format_text(format, args);
    holder->lines =
        app_format("%s%s: %s%s\n", old ? old : "", program_invocation_short_name, kind, text);
    free(text);
    free(old);
}

static void say(const char *kind, const char *format, va_list args)
{
    if (holder) {
        hold_line(kind, format, args);
        return;
    }
    fprintf(stderr, "%s: %s", program_invocation_short_name, kind);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

bool report_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!holder)
        fflush(stdout);
    say("error: ", format, args);
    va_end(args);
    return false;
}

void report_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

void *app_alloc(size_t count, size_t size)
{
    return or_exit(calloc(count ? count : 1, size ? size : 1));
}

void *app_grow(void *memory, size_t count, size_t size)
{
    return or_exit(reallocarray(memory, count ? count : 1, size));
}

char *app_strdup(const char *s) { return or_exit(strdup(s)); }

char *app_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    return text;
}
