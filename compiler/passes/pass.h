/* The pass runner: runs passes.def in order, verifies after each in debug builds, prints and times
 * on request. */
#ifndef FTM_PASSES_PASS_H
#define FTM_PASSES_PASS_H

#include <stdbool.h>

#include "graph.h"

enum pass_id {
#define FTM_PASS(name, kind, needs, gives, meaning) PASS_##name,
#include "passes.def"
#undef FTM_PASS
    PASS_COUNT
};

enum property {
#define FTM_PROPERTY(name, meaning) PROPERTY_##name,
#include "property.def"
#undef FTM_PROPERTY
    PROPERTY_COUNT
};

#define PROPERTY_BIT(name) (1U << PROPERTY_##name)

struct pass_context {
    struct program *program;
    struct arena *scratch; /* cleared by the runner after each pass */
    bool changed;
};

struct pass_options {
    const char *only; /* comma-separated names: run just these, in the given order; NULL: all */
    const char *print_after; /* name, or "all": print the program to stdout after it; NULL: none */
    const char *stop_after;  /* stop behind this pass; NULL: none */
    bool verify;             /* run the verifier after each pass and name the guilty one */
    bool time;               /* print the time of each pass to stderr */
};

/* A row of the table. */
struct pass_row {
    const char *name, *meaning;
    uint32_t needs, gives; /* sets of properties: bits 1 << PROPERTY_x */
    bool (*run)(struct pass_context *c);
};

const char *pass_name(enum pass_id id);

/* false after a report (an unknown name in options is one). */
bool passes_run(struct program *p, const struct pass_options *options);

/* The same with passes of another table of at most PASS_COUNT rows (for tests of the runner).
 *
 * A pass that leaves an invalid program, or one that breaks a property of those it gives or that
 * were given before it, ends the compiler (FTM_BUG): the program before it is in ftmc-crash.ftg, in
 * the current folder. So does a table whose order a pass's needs contradict; an order that was asked
 * for in `only` is reported instead. */
bool passes_run_rows(struct program *p, const struct pass_options *options,
                     const struct pass_row *rows, uint32_t count);

#define FTM_PROPERTY(name, meaning) bool property_##name(const struct graph *g, value_id v);
#include "property.def"
#undef FTM_PROPERTY

#define FTM_PASS(name, kind, needs, gives, meaning) bool pass_##name(struct pass_context *c);
#include "passes.def"
#undef FTM_PASS

#endif
