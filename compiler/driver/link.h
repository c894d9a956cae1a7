/* Linking: runs the C compiler ($CC, or cc) on objects, the tables' C text and the runtime's
 * libraries. */
#ifndef FTM_DRIVER_LINK_H
#define FTM_DRIVER_LINK_H

#include "cpu.h"
#include "diag.h"
#include "object.h"

struct link_job {
    struct arena *arena;
    struct diag *diag;
    const struct cpu_target *target;
    const object_paths *objects; /* and tables.c */
    const char *output;
    bool relocatable; /* one object file instead of a program */
    bool show;        /* print the command instead of running it */
};

/* Makes job->output: written under another name first, then renamed, so that it is complete or
 * untouched. */
bool link_run(const struct link_job *job);

/* A folder for temporary files; NULL after a report. link_remove_dir removes it with the files of
 * the list in it and the blob. */
char *link_temp_dir(struct arena *arena, struct diag *diag);
void link_remove_dir(struct arena *arena, const char *dir, const object_paths *files);

/* A hash of ftmc's own file and of the libraries that programs are linked with: which build of the compiler made one. */
uint64_t link_compiler_hash(struct arena *arena);

#endif
