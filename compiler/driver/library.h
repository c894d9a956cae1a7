/* A library of a program: --emit=lib. */
#ifndef FTM_DRIVER_LIBRARY_H
#define FTM_DRIVER_LIBRARY_H

#include "cpu.h"
#include "descriptor.h"
#include "diag.h"
#include "object.h"

struct library_job {
    struct arena *arena;
    struct diag *diag;
    const struct descriptor *descriptor;
    const struct cpu_target *target;
    const object_paths *objects; /* and tables.c */
    const char *work;            /* a folder for what lies between */
    const char *output;          /* the folder that the library is put into; it need not exist */
    bool threads;                /* with OpenMP */
};

/* Makes <output>/libNAME.a, libNAME.so, NAME.h, NAME.pc, NAMEConfig.cmake and NAMEConfigVersion.cmake, NAME being the program's as a C identifier,
 * and NAME.weights where the descriptor has its blob from the context. They
 * are made in a folder beside it and moved when all of them are complete; other files in <output> stay. False after a
 * report. */
bool library_make(const struct library_job *job);

#endif
