/* Batches that are made ahead of their use: a bounded queue between threads that make samples, the workers, and one thread that
 * takes batches.
 *
 * Samples are taken to be made one after the other, in their order, by whoever has time: the workers, as long as there is room,
 * and all threads of the caller while it waits for a batch. So nothing waits for decoding while a core has nothing to do, and
 * without workers samples are made between two batches. A sample is a function of its number and the loader's draw keys, batches
 * come in order, and messages are printed when the batch that they belong to is taken, in the order of its samples: nothing
 * depends on which thread made what, or on how many there are. */
#ifndef FTMRT_APP_LOADER_QUEUE_H
#define FTMRT_APP_LOADER_QUEUE_H

#include "loader.h"

/* What is to be loaded. Nothing is owned; all of it is constant while the queue is open. */
struct loader_plan {
    struct loader loader;
    const int64_t *indices; /* samples by position; NULL: 0, 1, ... */
    int64_t first, end;     /* positions */
    int64_t batch;          /* samples in a batch, but for the last one */
    int threads;            /* of the caller, at least 1: they make samples while it waits */
    int workers;            /* threads that run ahead, or 0 */
    bool skip; /* leave bad samples out of their batches; else the first ends loading */
};

/* A batch that was taken; it belongs to the queue, and lasts until the next one is taken or the queue is closed. */
struct loaded_batch {
    struct batch batch;     /* n: of good samples */
    const int64_t *samples; /* [n] */
    int64_t positions;      /* that it stands for, bad samples too */
};

enum loaded {
    LOADED_BATCH, /* maybe of no samples, if all of its were bad */
    LOADED_END,   /* there are no more */
    LOADED_FAILED /* a sample was bad; after a message */
};

struct loader_queue;

/* Opens a queue, with its workers: they begin at once. Where the system gives no thread, it does with fewer. */
struct loader_queue *loader_queue_open(const struct loader_plan *plan);

/* Takes the next batch: waits for it, and makes samples meanwhile. */
enum loaded loader_queue_next(struct loader_queue *q, struct loaded_batch *out);

/* Ends the workers, each behind the sample that it is making, whatever is still to be loaded. q may be NULL. */
void loader_queue_close(struct loader_queue *q);

#endif
