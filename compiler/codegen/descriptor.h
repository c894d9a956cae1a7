/* The description of a compiled program: the tables of `struct ftmrt_program` (runtime/ftmrt.h),
 * in the compiler's own memory, where the blob is made from them with the runtime's code. tables.h
 * prints them as C for the program. */
#ifndef FTM_CODEGEN_DESCRIPTOR_H
#define FTM_CODEGEN_DESCRIPTOR_H

#include "cpu.h"
#include "schedule.h"

/* A tensor of the weight file; state.source indexes the array of them. data: row-major, not owned.
 */
struct descriptor_source {
    const char *name;
    enum ftmrt_dtype dtype;
    uint32_t rank;
    int64_t dim[FTMRT_MAX_RANK];
    const void *data;
    uint64_t bytes;
    enum ftmrt_origin origin;
};

/* Where entries find the blob. */
enum descriptor_blob {
    DESCRIPTOR_BLOB_OWN,    /* in the objects */
    DESCRIPTOR_BLOB_EITHER, /* where the context says; otherwise in the objects */
    DESCRIPTOR_BLOB_CONTEXT /* where the context says: none is in the objects */
};

/* What comes from outside the schedule. */
struct descriptor_input {
    const struct schedule *schedule;
    const struct cpu *cpu;
    const struct descriptor_source *sources;
    uint32_t source_count;
    const char *compiler;                  /* "ftmc 0.1.0 (LLVM 22.1.8)" */
    uint64_t compiler_hash;                /* of its files */
    const struct ftmrt_recipe *recipe;     /* NULL: there is none */
    const char *resolved;                  /* .ftm text */
    const struct ftmrt_training *training; /* NULL: the weights are no trained file's */
    const struct ftmrt_source *source;     /* NULL: the program has no weight file to refer to */
    const struct ftmrt_selftest *selftest; /* NULL: none */
    bool infer;                            /* nothing trains: no trained file is written */
    uint64_t network;                      /* identity_network of the program before the passes */
    bool
        library; /* symbols as runtime/embed wants them; otherwise the program's name begins them */
    enum descriptor_blob blob;
};

struct descriptor {
    struct ftmrt_program
        program;      /* entries' run and the blob's address are NULL until the program is loaded */
    const char *name; /* the program's as a C identifier */
    const char
        *symbol; /* that, or "entry" in a library: prefix of everything that the objects define */
    const char *program_symbol; /* but of this: of the constant struct ftmrt_program */
    bool library;               /* that of runtime/embed, which calls it */
    uint64_t constants_at;      /* offset of the derived constants in the blob */
    enum descriptor_blob blob;
};

/* Makes the tables and the blob (blob.h). NULL after a report. */
struct descriptor *descriptor_new(struct arena *arena, const struct descriptor_input *in);

/* Names of an entry's function and of the blob in the objects. */
char *descriptor_entry_symbol(struct arena *arena, const struct descriptor *d,
                              const char *function);
char *descriptor_blob_symbol(struct arena *arena, const struct descriptor *d);

#endif
