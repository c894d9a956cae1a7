/* How far a training run is. */
#include "progress_line.h"

#include <stdio.h>
#include <unistd.h>

struct progress_line progress_line_start(const struct trainer *t)
{
    const double now = trainer_clock();
    return (struct progress_line){isatty(STDERR_FILENO) != 0, now, now, t->progress.step};
}

void progress_line_show(struct progress_line *p, const struct trainer *t)
{
    const double now = trainer_clock(), elapsed = now - p->started;
    if (now - p->last < (p->terminal ? 0.2 : 10))
        return;
    p->last = now;
    const struct progress *at = &t->progress;
    const double steps = (double)(at->step - p->first_step);
    double left = elapsed / steps * (double)(at->total_steps - at->step);
    left = left < 1e8 ? left : 1e8;
    fprintf(stderr, "%sepoch %lld/%lld  step %lld/%lld  loss %.4f  %.0f samples/s  %d:%02d left%s",
            p->terminal ? "\r" : "", (long long)at->epoch, (long long)t->epochs,
            (long long)at->step, (long long)at->total_steps, t->last.loss,
            steps * (double)t->session->config.batch / elapsed, (int)left / 60, (int)left % 60,
            p->terminal ? "\033[K" : "\n");
}

void progress_line_clear(const struct progress_line *p)
{
    if (p->terminal)
        fprintf(stderr, "\r\033[K");
}
