/* The command `schedule`: the learning rates that `train` would go through, as a table of its epochs, and drawn over its steps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "lr_schedule.h"
#include "phase_plan.h"
#include "plot.h"
#include "png_file.h"
#include "report.h"
#include "rounding.h"
#include "train_options.h"
#include "training_data.h"

/* What there is to go through. */
struct way {
    struct phase *phases;
    uint32_t phase_count;
    int64_t steps_per_epoch, steps;
    double *rates; /* [steps] */
};

/* Only `plateau` looks at the progress, whose rate is that of the begin: losses are not known. */
static void find_rates(struct way *w)
{
    w->rates = app_alloc((size_t)w->steps, sizeof *w->rates);
    int64_t at = 0;
    for (uint32_t i = 0; i < w->phase_count; i++) {
        const struct phase *p = &w->phases[i];
        const struct lr_schedule s = {p->schedule, p->lr, w->steps_per_epoch, p->steps, 0};
        struct progress progress = progress_start();
        progress.plateau_lr = p->lr;
        for (int64_t step = 0; step < p->steps; step++)
            w->rates[at++] = lr_schedule_rate(&s, &progress, step);
    }
}

static bool plan(struct way *w, const struct config *c, const struct ftmrt_recipe *recipe,
                 int64_t samples, const struct options *o)
{
    double lr = o->lr;
    if (!o->lr_given && !network_scalar(phases_optimizer(recipe), "lr", &lr))
        return report_error("the optimizer has no learning rate");
    w->steps_per_epoch = ceil_div(samples, c->batch);
    w->phase_count = phases_count(recipe);
    w->phases = app_alloc(w->phase_count, sizeof *w->phases);
    const bool enough =
        phases_plan(recipe, o->epochs_given ? o->epochs : c->epochs, o->steps_given ? o->steps : -1,
                    w->steps_per_epoch, lr, w->phases);
    for (uint32_t i = 0; i < w->phase_count; i++)
        w->steps += w->phases[i].steps;
    if (w->steps <= 0)
        return report_error("there is nothing to train: 0 steps");
    return enough ||
           report_error("the recipe has %u phases, each of which needs an epoch and a step",
                        (unsigned)w->phase_count);
}

/* A line for each epoch: its steps, and the rates of the first and the last of them. */
static void print_table(const struct way *w)
{
    int64_t at = 0, epoch = 0;
    printf("epoch  steps            rate from     to\n");
    for (uint32_t i = 0; i < w->phase_count; i++) {
        const int64_t end = at + w->phases[i].steps;
        for (; at < end; at += w->steps_per_epoch) {
            const int64_t last =
                (end < at + w->steps_per_epoch ? end : at + w->steps_per_epoch) - 1;
            printf("%5lld  %6lld to %-6lld %-13.6g %.6g%s%s\n", (long long)++epoch,
                   (long long)at + 1, (long long)last + 1, w->rates[at], w->rates[last],
                   w->phases[i].name ? " " : "", w->phases[i].name ? w->phases[i].name : "");
        }
        at = end;
        if (ftmrt_schedule_follows(w->phases[i].schedule->id))
            printf("%s follows the losses: this is its rate if it never falls\n",
                   ftmrt_call_info(w->phases[i].schedule->id)->name);
    }
}

static bool draw(const struct way *w, const char *path)
{
    unsigned char *pixels = plot_line(w->rates, w->steps);
    const bool ok = png_file_write(path, pixels, PLOT_HEIGHT, PLOT_WIDTH);
    free(pixels);
    return ok;
}

int command_schedule(const struct ftmrt_program *p, const struct options *o)
{
    struct config c;
    if (!config_read(&c, p))
        return EXIT_ERROR;
    struct training_data data = {0};
    struct way w = {0};
    bool ok = (c.train || report_error("the recipe has no training data")) &&
              train_options_take(&c, p, o);
    if (ok) {
        ok = training_data_open(&data, &c, o->data) &&
             plan(&w, &c, p->recipe, training_data_all(&data).count, o);
        training_data_close(&data);
    }
    if (ok) {
        find_rates(&w);
        print_table(&w);
        ok = !o->out || draw(&w, o->out);
    }
    free(w.rates);
    free(w.phases);
    config_free(&c);
    return ok ? EXIT_OK : EXIT_ERROR;
}
