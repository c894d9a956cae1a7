/* The line that says how far a training run is. */
#ifndef FTMRT_APP_PROGRESS_LINE_H
#define FTMRT_APP_PROGRESS_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "trainer.h"

/* On a terminal a line with a bar that is overwritten, elsewhere a plain line now and then; both on stderr. */
struct progress_line {
    bool terminal;
    double started, last; /* on trainer_clock */
    int64_t first_step;   /* that the rate counts */
    bool
        computes; /* what later epochs need not do again: features are kept, and this is the process's first epoch */
    double loss, loss_weight; /* smoothed, and the weight of all losses in it */
};

/* What the line shows. */
struct progress_view {
    const char *phase;                  /* NULL: the recipe has none */
    int64_t epoch, epochs, step, steps; /* steps: of all epochs */
    double done;                        /* of the epoch, 0 to 1 */
    double loss;
    double rate; /* samples a second */
    double left; /* seconds */
};

struct progress_line progress_line_start(const struct trainer *t);
/* Counts a step that was done in, and shows where the trainer is, if it is time for it. */
void progress_line_show(struct progress_line *p, const struct trainer *t);
/* Takes the line away, so that something else can be printed. */
void progress_line_clear(const struct progress_line *p);

/* How often the line is shown, in seconds; and showing it. */
double progress_line_pause(bool terminal);
void progress_line_print(bool terminal, const struct progress_view *v);

/* The line for a terminal of so many columns, which it leaves one of: with a bar as far as there is room. size: of text, more than
 * columns. */
void progress_line_text(char *text, size_t size, int columns, const struct progress_view *v);

/* "1:05" or "2:03:04", of seconds. size 16 is enough. */
void progress_time_text(char *text, size_t size, double seconds);

#endif
