/* The pass runner: runs passes.def in order, verifies after each in debug builds, prints and times
 * on request. */
#ifndef FTM_PASSES_PASS_H
#define FTM_PASSES_PASS_H

#include <stdbool.h>

#include "graph.h"

enum pass_id {
#define FTM_PASS(name, meaning) PASS_##name,
#include "passes.def"
#undef FTM_PASS
    PASS_COUNT
};

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

const char *pass_name(enum pass_id id);

/* false after a report (an unknown name in options is one). */
bool passes_run(struct program *p, const struct pass_options *options);

#define FTM_PASS(name, meaning) bool pass_##name(struct pass_context *c);
#include "passes.def"
#undef FTM_PASS

#endif
