/* What training came to over its epochs: losses, accuracies, learning rates. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "html.h"
#include "report.h"
#include "run_page.h"

enum { POINTS = 240 }; /* that a line over steps has at most */

/* Figures of all epochs, one behind the other. */
struct curves {
    double *epoch, *train_loss, *validation_loss, *train_accuracy, *validation_accuracy;
    double *at, *loss, *lr; /* [points]: of steps, where the epochs put them */
    int64_t points;
};

static double *column(int64_t count) { return app_alloc((size_t)count + 1, sizeof(double)); }

/* Where a step is among the epochs: the first epoch ends at 1. Without a whole epoch it is its number. */
static double place(const struct run_log *l, int64_t *epoch, double step)
{
    while (*epoch < l->epoch_count - 1 && step > l->epochs[*epoch].step)
        ++*epoch;
    if (!l->epoch_count)
        return step;
    const double before = *epoch ? l->epochs[*epoch - 1].step : 0,
                 begin = *epoch ? l->epochs[*epoch - 1].epoch : 0,
                 length = l->epochs[*epoch].step - before;
    return length > 0 ? begin + (step - before) / length : begin;
}

/* A point is the mean of the steps that it stands for. */
static void take_steps(struct curves *c, const struct run_log *l)
{
    int64_t epoch = 0;
    c->points = l->steps < POINTS ? l->steps : POINTS;
    c->at = column(c->points);
    c->loss = column(c->points);
    c->lr = column(c->points);
    for (int64_t i = 0; i < c->points; i++) {
        const int64_t begin = i * l->steps / c->points, end = (i + 1) * l->steps / c->points;
        for (int64_t k = begin; k < end; k++) {
            c->loss[i] += l->loss[k] / (double)(end - begin);
            c->lr[i] += l->lr[k] / (double)(end - begin);
        }
        c->at[i] = place(l, &epoch, l->step[end - 1]);
    }
}

static void take_epochs(struct curves *c, const struct run_log *l)
{
    c->epoch = column(l->epoch_count);
    c->train_loss = column(l->epoch_count);
    c->validation_loss = column(l->epoch_count);
    c->train_accuracy = column(l->epoch_count);
    c->validation_accuracy = column(l->epoch_count);
    for (int64_t i = 0; i < l->epoch_count; i++) {
        c->epoch[i] = l->epochs[i].epoch;
        c->train_loss[i] = l->epochs[i].train_loss;
        c->validation_loss[i] = l->epochs[i].validation_loss;
        c->train_accuracy[i] = l->epochs[i].train_accuracy;
        c->validation_accuracy[i] = l->epochs[i].validation_accuracy;
    }
}

static void free_curves(struct curves *c)
{
    double *const all[] = {c->epoch,
                           c->train_loss,
                           c->validation_loss,
                           c->train_accuracy,
                           c->validation_accuracy,
                           c->at,
                           c->loss,
                           c->lr};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* Phases begin behind the last epoch of the one before. */
static void add_marks(struct chart *c, const struct run_log *l)
{
    for (int64_t i = 0; i < l->epoch_count && c->mark_count < CHART_MARKS; i++) {
        const char *phase = l->epochs[i].phase, *before = i ? l->epochs[i - 1].phase : NULL;
        if (phase && (!before || strcmp(phase, before) != 0))
            c->marks[c->mark_count++] = (struct chart_mark){phase, i ? l->epochs[i - 1].epoch : 0};
    }
}

/* Values of epochs, unless there are none. */
static void add_line(struct chart *c, const char *name, const double *x, const double *y,
                     int64_t count)
{
    bool any = false;
    for (int64_t i = 0; i < count; i++)
        any = any || isfinite(y[i]);
    c->lines[c->line_count++] = (struct chart_line){
        .name = name, .x = x, .y = y, .count = any ? count : 0, .dotted = count <= 60};
}

static void write_loss(const struct run_page *p, const struct curves *v, struct chart c)
{
    c.title = "Loss";
    add_line(&c, "training", v->epoch, v->train_loss, p->log.epoch_count);
    add_line(&c, "validation", v->epoch, v->validation_loss, p->log.epoch_count);
    c.lines[c.line_count++] = (struct chart_line){
        .name = "steps", .x = v->at, .y = v->loss, .count = v->points, .faint = true};
    chart_write(p->out, &c);
}

static void write_accuracy(const struct run_page *p, const struct curves *v, struct chart c)
{
    c.title = "Accuracy, %";
    c.unit = 100;
    add_line(&c, "training", v->epoch, v->train_accuracy, p->log.epoch_count);
    add_line(&c, "validation", v->epoch, v->validation_accuracy, p->log.epoch_count);
    chart_write(p->out, &c);
}

static void write_rate(const struct run_page *p, const struct curves *v, struct chart c)
{
    c.title = "Learning rate";
    c.low = c.high = 0;
    c.lines[c.line_count++] =
        (struct chart_line){.name = "rate", .x = v->at, .y = v->lr, .count = v->points};
    chart_write(p->out, &c);
}

static void write_best(const struct run_page *p)
{
    const double epoch = run_record_number(&p->record, "best", "epoch");
    if (isfinite(epoch))
        html(p->out,
             "<p class=\"soft\">The weights in <code>best.safetensors</code> are those of epoch "
             "%.0f. Losses and accuracies of training are means over the epoch, while the weights "
             "change; those of validation are measured at its end.</p>\n",
             epoch);
}

void page_curves(const struct run_page *p)
{
    struct curves v = {0};
    struct chart c = {.x_name = p->log.epoch_count ? "epoch" : "steps", .low = 1, .high = 0};
    if (!p->log.steps && !p->log.epoch_count)
        return;
    take_steps(&v, &p->log);
    take_epochs(&v, &p->log);
    add_marks(&c, &p->log);
    fputs("<div class=\"charts\">\n", p->out);
    write_loss(p, &v, c);
    write_accuracy(p, &v, c);
    write_rate(p, &v, c);
    fputs("</div>\n", p->out);
    write_best(p);
    free_curves(&v);
}
