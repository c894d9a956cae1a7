/* The line that says how far a training run is. */
#ifndef FTMRT_APP_PROGRESS_LINE_H
#define FTMRT_APP_PROGRESS_LINE_H

#include <stdbool.h>

#include "trainer.h"

/* On a terminal a line that is overwritten, elsewhere a line now and then; both on stderr. */
struct progress_line {
    bool terminal;
    double started, last; /* on trainer_clock */
    int64_t first_step;   /* of this process */
};

struct progress_line progress_line_start(const struct trainer *t);
/* Shows where the trainer is, if it is time for it. */
void progress_line_show(struct progress_line *p, const struct trainer *t);
/* Takes the line away, so that something else can be printed. */
void progress_line_clear(const struct progress_line *p);

#endif
