/* How far a training run is. */
#include "progress_line.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct progress_line progress_line_start(const struct trainer *t)
{
    const double now = trainer_clock();
    return (struct progress_line){.terminal = isatty(STDERR_FILENO) != 0,
                                  .started = now,
                                  .last = now,
                                  .first_step = t->progress.step,
                                  .computes = true};
}

void progress_time_text(char *text, size_t size, double seconds)
{
    const long all = seconds < 1e8 ? (long)seconds : 100000000;
    if (all >= 3600)
        snprintf(text, size, "%ld:%02ld:%02ld", all / 3600, all / 60 % 60, all % 60);
    else
        snprintf(text, size, "%ld:%02ld", all / 60, all % 60);
}

/* ---- on a terminal ---- */

enum { LEAST_BAR = 4, MOST_BAR = 40, LINE_SIZE = 256 };

void progress_line_text(char *text, size_t size, int columns, const struct progress_view *v)
{
    char left[16], head[96], tail[96], bar[MOST_BAR + 1];
    const long long epoch = (long long)v->epoch, epochs = (long long)v->epochs;
    progress_time_text(left, sizeof left, v->left);
    snprintf(head, sizeof head, "epoch %lld/%lld", epoch, epochs);
    snprintf(tail, sizeof tail, "loss %.4f  %.0f samples/s  %s left", v->loss, v->rate, left);
    if (v->phase)
        snprintf(head, sizeof head, "%.32s %lld/%lld", v->phase, epoch, epochs);
    if (columns < 80) {
        snprintf(head, sizeof head, "%lld/%lld", epoch, epochs);
        snprintf(tail, sizeof tail, "%.4f %.0f/s %s", v->loss, v->rate, left);
    }
    const int room = columns - 1 - (int)strlen(head) - (int)strlen(tail) - 4,
              length = room > MOST_BAR ? MOST_BAR : room;
    if (length < LEAST_BAR) {
        snprintf(text, size, "%s %s", head, tail);
    } else {
        const int full = (int)(v->done * length + 0.5);
        for (int i = 0; i < length; i++)
            bar[i] = i < full ? '#' : '-';
        bar[length] = 0;
        snprintf(text, size, "%s [%s] %s", head, bar, tail);
    }
    if (columns > 0 && (size_t)columns <= strlen(text))
        text[columns - 1] = 0;
}

static int terminal_columns(void)
{
    struct winsize size;
    const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known && size.ws_col < LINE_SIZE ? size.ws_col : 80;
}

/* ---- steps ---- */

/* The loss of one batch jumps: the mean of the last ones, each of less weight than the next. */
#define SMOOTHING 0.95

static void add_loss(struct progress_line *p, double loss)
{
    p->loss = SMOOTHING * p->loss + (1 - SMOOTHING) * loss;
    p->loss_weight = SMOOTHING * p->loss_weight + (1 - SMOOTHING);
}

/* Where features are kept, the first epoch says nothing of how long later ones take: the count begins anew behind it. */
static void count_anew(struct progress_line *p, const struct trainer *t)
{
    const struct progress *at = &t->progress;
    p->computes = t->loader.features && p->computes;
    if (!p->computes || at->position < t->train.count)
        return;
    p->computes = false;
    p->started = trainer_clock();
    p->first_step = at->step;
}

static struct progress_view view_of(const struct progress_line *p, const struct trainer *t,
                                    double elapsed)
{
    const struct progress *at = &t->progress;
    const double steps = (double)(at->step - p->first_step);
    const int64_t batch = t->session->config.batch,
                  rest = p->computes ? (t->train.count - at->position) / batch
                                     : at->total_steps - at->step;
    return (struct progress_view){
        .phase = trainer_phase(t)->name,
        .epoch = at->epoch,
        .epochs = t->epochs,
        .step = at->step,
        .steps = at->total_steps,
        .done = (double)at->position / (double)t->train.count,
        .loss = p->loss / p->loss_weight,
        .rate = steps * (double)batch / elapsed,
        .left = elapsed / steps * (double)rest,
    };
}

double progress_line_pause(bool terminal) { return terminal ? 0.2 : 10; }

void progress_line_print(bool terminal, const struct progress_view *v)
{
    char text[LINE_SIZE], left[16];
    if (terminal) {
        progress_line_text(text, sizeof text, terminal_columns(), v);
        fprintf(stderr, "\r%s\033[K", text);
        return;
    }
    progress_time_text(left, sizeof left, v->left);
    fprintf(stderr, "epoch %lld/%lld%s%s  step %lld/%lld  loss %.4f  %.0f samples/s  %s left\n",
            (long long)v->epoch, (long long)v->epochs, v->phase ? "  " : "",
            v->phase ? v->phase : "", (long long)v->step, (long long)v->steps, v->loss, v->rate,
            left);
}

void progress_line_show(struct progress_line *p, const struct trainer *t)
{
    const double now = trainer_clock();
    add_loss(p, t->last.loss);
    if (now - p->last >= progress_line_pause(p->terminal)) {
        const struct progress_view v = view_of(p, t, now - p->started);
        p->last = now;
        progress_line_print(p->terminal, &v);
    }
    count_anew(p, t);
}

void progress_line_clear(const struct progress_line *p)
{
    if (p->terminal)
        fprintf(stderr, "\r\033[K");
}
