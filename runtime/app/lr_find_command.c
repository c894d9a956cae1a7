/* The command `lr_find`: steps with a learning rate that rises from next to nothing until the loss is lost, and which rate that speaks
 * for. Nothing is kept of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "class_weights.h"
#include "command.h"
#include "file_bytes.h"
#include "interruption.h"
#include "lr_curve.h"
#include "plot.h"
#include "png_file.h"
#include "progress_line.h"
#include "report.h"
#include "target_scale.h"
#include "train_options.h"
#include "trainer.h"
#include "training_data.h"

static const double first_rate = 1e-7, last_rate = 10;
enum { USUAL_STEPS = 100, FEWEST_STEPS = 20, MOST_STEPS = 100000, LINES = 20 };

struct lr_find {
    const struct options *options;
    struct session session;
    struct training_data data;
    struct trainer trainer;
    struct lr_curve curve;
    struct progress_line line;
    bool lost; /* the loss is so high that further steps say nothing */
};

static bool on_stop(void *context)
{
    const struct lr_find *f = context;
    return f->lost || interruption_came();
}

static bool on_step(void *context, const struct step_result *r)
{
    struct lr_find *f = context;
    f->lost = !lr_curve_add(&f->curve, r->loss);
    progress_line_show(&f->line, &f->trainer);
    return true;
}

static bool on_epoch(void *context, const struct epoch_result *e, const struct metrics *validation)
{
    (void)context, (void)e, (void)validation;
    return true;
}

/* A training of the first phase alone, as long as it takes, whose rate rises from step to step. */
static enum trainer_outcome train(struct lr_find *f, int64_t steps)
{
    const struct trainer_events events = {f, on_stop, on_step, on_epoch, NULL};
    struct trainer *t = &f->trainer;
    const struct subset none = {0};
    f->session.config.patience = 0;
    if (!trainer_open(t, &f->session, training_data_all(&f->data), none, steps, -1, first_rate))
        return TRAINER_FAILED;
    t->phase_count = 1;
    t->phases[0].factor = f->curve.factor;
    t->phases[0].lr = first_rate;
    t->phases[0].steps = t->progress.total_steps = steps;
    f->line = progress_line_start(t);
    const enum trainer_outcome outcome = trainer_run(t, &events);
    progress_line_clear(&f->line);
    return outcome;
}

/* Some of the steps. */
static void print_table(const struct lr_curve *c, const double *smooth)
{
    const int64_t part = c->capacity / LINES;
    printf("step       rate      loss  smoothed\n");
    for (int64_t i = 0; i < c->count; i += part)
        printf("%4lld  %9.3g  %8.4f  %8.4f\n", (long long)i + 1, lr_curve_rate(c, i), c->losses[i],
               smooth[i]);
}

static void print_hint(const struct lr_curve *c)
{
    struct lr_hint hint;
    if (!lr_curve_hint(c, &hint)) {
        printf("the loss does not fall with any rate by more than it varies from step to step: "
               "nothing speaks for one\n");
        return;
    }
    printf("the loss falls fastest at a rate of %.2g; it is lowest at %.2g, of which a tenth is "
           "%.2g\ntry:  %s train --lr %.2g\n",
           lr_curve_rate(c, hint.steepest), lr_curve_rate(c, hint.lowest),
           lr_curve_rate(c, hint.lowest) / 10, report_command(), lr_curve_rate(c, hint.steepest));
}

static bool tell(const struct lr_find *f)
{
    const struct lr_curve *c = &f->curve;
    const char *out = f->options->out;
    bool ok = true;
    if (!c->count)
        return report_error("the loss of the first step is not finite");
    double *smooth = app_alloc((size_t)c->count, sizeof *smooth);
    lr_curve_smooth(c, smooth);
    print_table(c, smooth);
    print_hint(c);
    if (out) {
        unsigned char *pixels = plot_line(smooth, c->count);
        ok = png_file_write(out, pixels, PLOT_HEIGHT, PLOT_WIDTH);
        free(pixels);
    }
    free(smooth);
    return ok;
}

static bool find(struct lr_find *f)
{
    const struct options *o = f->options;
    const int64_t steps = o->steps_given ? o->steps : USUAL_STEPS;
    struct session *s = &f->session;
    if (steps < FEWEST_STEPS || steps > MOST_STEPS)
        return report_error("--steps %lld: a curve takes %d to %d", (long long)steps, FEWEST_STEPS,
                            MOST_STEPS);
    if ((o->out && !file_can_be_written(o->out)) ||
        !train_options_take(&s->config, s->program, o) ||
        !training_data_open(&f->data, &s->config, o->data))
        return false;
    class_weights_count(s, &f->data);
    target_scale_set(s, &f->data);
    cache_choice_take(&s->config.cache, o);
    session_keep(s, NULL);
    lr_curve_open(&f->curve, first_rate, last_rate, steps);
    interruption_watch(NULL);
    return train(f, steps) != TRAINER_FAILED && (interruption_came() || tell(f));
}

int command_lr_find(const struct ftmrt_program *p, const struct options *o)
{
    const uint64_t seed = (uint64_t)o->seed;
    struct lr_find f = {.options = o};
    if (!session_open(&f.session, p, app_threads(o), o->seed_given ? &seed : NULL))
        return EXIT_ERROR;
    f.session.workers = app_workers(o);
    const bool ok = find(&f);
    trainer_close(&f.trainer);
    lr_curve_close(&f.curve);
    training_data_close(&f.data);
    session_close(&f.session);
    return interruption_came() ? EXIT_INTERRUPTED : ok ? EXIT_OK : EXIT_ERROR;
}
