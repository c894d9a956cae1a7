/* Diagnostics: what the user is told, collected over a run and printed in source order.
 *
 *     digits.ftm:12:18: error[E0203]: no layer is called 'fcc'
 *       12 |     replace fcc with linear(classes)
 *          |             ^~~
 *       note: did you mean 'fc'?
 *
 * Codes and texts are rows of diag.def; a code never changes its meaning. Functions of the compiler
 * that fail have reported why and return false or NULL; their callers do not inspect the reason. */
#ifndef FTM_BASE_DIAG_H
#define FTM_BASE_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "arena.h"
#include "vec.h"

/* A source file that spans point into; owned by the diagnostics' arena. */
struct source {
    const char *path; /* as the user named it */
    const char *text; /* NUL-terminated */
    size_t size;
};

/* A place: source may be NULL (no place). line and column from 1; length in bytes. */
struct span {
    const struct source *source;
    uint32_t line, column, length;
};

enum diag_id {
#define DIAG(id, code, severity, format) DIAG_##id,
#include "diag.def"
#undef DIAG
    DIAG_COUNT
};

enum diag_severity { DIAG_WARNING, DIAG_ERROR };

struct diag_item {
    enum diag_id id;
    struct span span;
    const char *text;
    VEC(const char *) notes;
};

struct diag {
    struct arena *arena;
    VEC(struct diag_item) items;
    uint32_t errors, warnings;
    bool dropped;      /* the last report was beyond the limit: its notes go too */
    const char *color; /* "always", "never"; NULL: when stderr is a terminal */
};

void diag_init(struct diag *d, struct arena *arena);

/* Reports an error or a warning (by its row's severity); arguments follow the row's format. At most
 * 20 errors and 20 warnings are kept and the rest counted. */
void diag_report(struct diag *d, struct span span, enum diag_id id, ...);

/* Adds a line of advice to the last report. */
void diag_note(struct diag *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An error of the environment: the file and errno's text (row SYSTEM). */
void diag_system(struct diag *d, const char *path, int error);

/* Prints all items in source order, then a count line if there are errors. */
void diag_print(const struct diag *d, FILE *out);

/* A bug of the compiler, not of the user: prints file, line and text, exits with 70. */
_Noreturn void diag_bug(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define FTM_BUG(...)          diag_bug(__FILE__, __LINE__, __VA_ARGS__)
#define FTM_BUG_ON(cond, ...) ((cond) ? diag_bug(__FILE__, __LINE__, __VA_ARGS__) : (void)0)

#define SPAN_NONE ((struct span){0})

#endif
