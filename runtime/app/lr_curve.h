/* Losses of steps whose learning rate rises from each to the next by the same factor, and what they say of a rate to train with (L. N. Smith,
 * Cyclical Learning Rates for Training Neural Networks, WACV 2017). */
#ifndef FTMRT_APP_LR_CURVE_H
#define FTMRT_APP_LR_CURVE_H

#include <stdbool.h>
#include <stdint.h>

struct lr_curve {
    double from, factor; /* the first step's rate, and from each to the next */
    double *losses;      /* [capacity], [count] of them there; owned */
    int64_t count, capacity;
    double mean, lowest; /* the running mean, and the lowest that it was */
};

/* For so many steps, at least 2, from one rate to another. */
void lr_curve_open(struct lr_curve *c, double from, double to, int64_t steps);
void lr_curve_close(struct lr_curve *c);

double lr_curve_rate(const struct lr_curve *c, int64_t step);

/* Adds the loss of the next step, for which there is room. false: the running mean is four times the lowest that it was, or not finite:
 * further steps say nothing. */
bool lr_curve_add(struct lr_curve *c, double loss);

/* Losses with those around them, in out [count]: the mean over a window that is the same to both sides. */
void lr_curve_smooth(const struct lr_curve *c, double *out);

/* Steps where the smoothed losses are lowest, and up to there fall fastest. false: they do not fall by more than they vary. */
struct lr_hint {
    int64_t lowest, steepest;
};
bool lr_curve_hint(const struct lr_curve *c, struct lr_hint *out);

#endif
