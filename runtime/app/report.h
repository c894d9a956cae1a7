/* Messages to the user, and memory that cannot fail. */
#ifndef FTMRT_APP_REPORT_H
#define FTMRT_APP_REPORT_H

#include <stdbool.h>
#include <stddef.h>

/* Prints "name: error: ..." to stderr, with the name of the running file ("digits: ..."), and returns false, so that callers can `return
 * report_error(...)`. */
bool report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How the program was called, for advice, as a shell reads it: "./digits", or "ftmc run 'my digits.ftm'". Never freed. */
const char *report_command(void);

/* A word of a command line, in quotes where a shell wants them; allocated. */
char *report_word(const char *word);

/* Messages that a thread holds back, so that another one can print them in an order of its own. */
struct report_held {
    char *lines; /* owned; NULL: none */
};
/* From here on messages of the calling thread are added to `held`; NULL: they are printed again. */
void report_hold(struct report_held *held);
/* Prints what was held, and empties it. */
void report_release(struct report_held *held);

/* Zeroed memory; out of memory is reported and ends the process with exit code 1. */
void *app_alloc(size_t count, size_t size);
/* Memory for more elements, of which the new ones are not cleared. */
void *app_grow(void *memory, size_t count, size_t size);
char *app_strdup(const char *s);
char *app_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
