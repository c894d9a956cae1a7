/* Where a training run is. */
#ifndef FTMRT_APP_PROGRESS_H
#define FTMRT_APP_PROGRESS_H

#include <math.h>
#include <stdint.h>

typedef int64_t progress_INT;
typedef double progress_REAL;

struct progress {
#define FTMRT_PROGRESS(type, name, initial, meaning) progress_##type name; /* meaning */
#include "progress.def"
#undef FTMRT_PROGRESS
};

/* The beginning of a run. */
static inline struct progress progress_start(void)
{
    return (struct progress){
#define FTMRT_PROGRESS(type, name, initial, meaning) .name = (initial),
#include "progress.def"
#undef FTMRT_PROGRESS
    };
}

#endif
