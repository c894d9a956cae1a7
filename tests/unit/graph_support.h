/* What the tests of graphs share: a program read from text, reports kept for inspection. */
#ifndef FTM_TESTS_GRAPH_SUPPORT_H
#define FTM_TESTS_GRAPH_SUPPORT_H

#include <stdlib.h>
#include <string.h>

#include "graph.h"
#include "text.h"

struct fixture {
    struct arena arena;
    struct diag diag;
    struct program *program;
    struct graph *graph; /* the function "f" */
};

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena, "test");
    diag_init(&f->diag, &f->arena);
    f->diag.color = "never";
    f->program = program_new(&f->arena, &f->diag, "p", 32);
    f->graph = program_add_function(f->program, "f", FTMRT_ENTRY_PREDICT);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    arena_clear(&f->arena);
    free(f);
    return 0;
}

/* Reads a program of `size` bytes, which need not end with a NUL; NULL after a report. */
static inline struct program *read_bytes(struct fixture *f, const char *text, size_t size)
{
    struct source *source = arena_new(&f->arena, struct source);
    *source = (struct source){"test.ftg", arena_strndup(&f->arena, text, size), size};
    return program_read(&f->arena, &f->diag, source);
}

static inline struct program *read_text(struct fixture *f, const char *text)
{
    return read_bytes(f, text, strlen(text));
}

static inline char *printed(struct fixture *f, const struct program *p)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    program_print(p, out);
    fclose(out);
    char *copy = arena_strdup(&f->arena, text);
    free(text);
    return copy;
}

static inline struct type f32(struct shape s) { return (struct type){FTMRT_F32, s}; }

#endif
