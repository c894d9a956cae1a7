/* Training: epochs over shuffled batches, validation after each.
 *
 * A trainer has no options, prints nothing and writes no file; its user hears of what happens through events and
 * decides. All that changes is in `progress` and in the session's workspace, so a run that is given both goes on where
 * it was, with the same bits; any number of trainers may run one after the other. */
#ifndef FTMRT_APP_TRAINER_H
#define FTMRT_APP_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "lr_schedule.h"
#include "metrics.h"
#include "not_finite.h"
#include "phase_plan.h"
#include "progress.h"
#include "sampling.h"
#include "session.h"

/* A step that was done. loss: the mean over its batch, by the recipe. */
struct step_result {
    int64_t step, epoch; /* from 1 */
    double lr, loss;
};

/* An epoch that was done; NaN where there is no such figure: no validation, or a task or mixed labels without accuracy. */
struct epoch_result {
    const char *phase; /* NULL: the recipe has none */
    int64_t epoch, step;
    double lr, train_loss, train_accuracy, validation_loss, validation_accuracy, seconds;
    double score;        /* in validation, by the recipe's `best`: higher is better */
    bool score_is_share; /* of the samples */
    bool validated;      /* the figures of validation are, finite or not */
    bool highest;        /* its figures in validation are the best so far */
    bool best;           /* to be kept: best_epoch.h */
};

/* A phase of the recipe that was done. */
struct phase_result {
    const struct phase *ended,
        *next; /* next: that has begun, with slots of the optimizer that are 0; NULL: it was the last */
    int64_t epoch;         /* its last */
    bool stopped;          /* by the recipe's `patience` */
    int64_t highest_epoch; /* of its highest score; 0: none is finite */
    double highest,
        before; /* that score (best_epoch.h); the best one when it began, -INFINITY in the first */
};

/* What a trainer's user is told. Those that return bool end the training by false, after a message of their own. */
struct trainer_events {
    void *context;
    bool (*stop)(void *context); /* asked before each step: true interrupts */
    bool (*step)(void *context, const struct step_result *r);
    bool (*epoch)(void *context, const struct epoch_result *r,
                  const struct metrics *validation); /* NULL: no validation */
    /* Behind the last epoch of a phase, where the recipe has any; NULL: nobody wants to know. May give the next one other weights. */
    bool (*phase)(void *context, const struct phase_result *r);
};

enum trainer_outcome {
    TRAINER_DONE,        /* what was asked for */
    TRAINER_INTERRUPTED, /* `stop` was true; the last step is whole */
    TRAINER_NOT_FINITE, /* the loss of the last step, or what it made of the weights, which are of no use: see `broken` */
    TRAINER_FAILED /* something else, after a message */
};

struct loader_queue;

/* Nothing but `order`, `phases` and `queue` is owned. */
struct trainer {
    struct session *session;
    struct subset train, validation; /* validation.count 0: none */
    struct phase *phases;            /* [phase_count] */
    uint32_t phase_count;            /* at least 1 */
    struct lr_schedule schedule;     /* of the phase that is running */
    int64_t epochs;                  /* of all phases */
    struct trainer_events events;
    struct progress progress;
    int64_t *order;             /* samples of the epoch */
    struct loader loader;       /* of the epoch */
    struct loader_queue *queue; /* the rest of its batches; NULL between two epochs */
    double started; /* on the monotonic clock, as if earlier processes had run in this one */
    struct step_result last;
    struct {
        enum not_finite_cause cause;
        int64_t sample; /* of INPUT: of the training source */
        const struct ftmrt_state
            *state; /* that the last step broke, or NULL: its loss was not finite */
    } broken;
};

/* Fills t for a run from the beginning: at most `epochs` and `max_steps` (negative: no limit) over all phases of the recipe
 * (phases_plan), with the session's seed, and the rate lr in the first phase. session.config gives batch and shuffle. false: they are too
 * few for the phases. */
bool trainer_open(struct trainer *t, struct session *session, struct subset train,
                  struct subset validation, int64_t epochs, int64_t max_steps, double lr);
/* The phase that is running. */
const struct phase *trainer_phase(const struct trainer *t);

void trainer_close(struct trainer *t);

/* Trains from t->progress to the end. */
enum trainer_outcome trainer_run(struct trainer *t, const struct trainer_events *events);

/* Whether so many epochs as the recipe's `patience` have passed without a gain: training ends before its last epoch. */
bool trainer_stops(const struct trainer *t);

/* Seconds on the monotonic clock. */
double trainer_clock(void);

#endif
