/* The queue is a ring of slots, one for a batch: the batch with number b lies in slot b modulo their count. Positions are handed
 * out in pieces of a few samples under one lock, which nobody holds while a sample is made. */
#include "loader_queue.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "rounding.h"

enum {
    BATCHES_AHEAD = 2,              /* beside the one in use */
    AHEAD_MOST = 256 * 1024 * 1024, /* bytes of them, if that is not less than one */
    PIECES_PER_THREAD = 4 /* of a batch, so that all of its threads end at about the same time */
};

struct made {
    bool bad;
    struct report_held said;
};

struct slot {
    struct batch batch;
    struct made *made; /* [plan.batch] */
    int64_t done;      /* samples that are made, bad ones too */
};

struct loader_queue {
    struct loader_plan plan;
    int64_t piece, slot_count;
    struct slot *slots;
    struct loader_space *spaces; /* [threads] of the caller */
    struct batch mixed;
    int64_t *samples; /* [batch] of the batch in use */
    pthread_t *workers;
    int worker_count;
    pthread_mutex_t lock;
    pthread_cond_t room, done; /* for workers; for the caller */
    /* Below: under the lock. */
    int64_t next;  /* position that is to be made */
    int64_t taken; /* batches; the last of them is in use */
    bool stop;
};

/* ---- positions ---- */

static int64_t batch_begin(const struct loader_queue *q, int64_t number)
{
    return q->plan.first + number * q->plan.batch;
}

static int64_t batch_end(const struct loader_queue *q, int64_t number)
{
    const int64_t end = batch_begin(q, number + 1);
    return end < q->plan.end ? end : q->plan.end;
}

static struct slot *slot_of(const struct loader_queue *q, int64_t number)
{
    return &q->slots[number % q->slot_count];
}

static int64_t sample_at(const struct loader_plan *p, int64_t position)
{
    return p->indices ? p->indices[position] : position;
}

/* ---- making samples ---- */

/* Positions of one batch. */
struct piece {
    struct slot *slot;
    int64_t begin, end, batch_begin;
};

/* Takes the next piece below `limit`, which is where a batch ends; the lock is held. */
static bool take_piece(struct loader_queue *q, int64_t limit, struct piece *out)
{
    if (q->next >= limit)
        return false;
    const int64_t number = (q->next - q->plan.first) / q->plan.batch, end = batch_end(q, number),
                  most = q->next + q->piece;
    *out = (struct piece){slot_of(q, number), q->next, most < end ? most : end,
                          batch_begin(q, number)};
    q->next = out->end;
    return true;
}

static void make_piece(const struct loader_queue *q, struct loader_space *space,
                       const struct piece *p)
{
    const struct loader *l = &q->plan.loader;
    for (int64_t i = p->begin; i < p->end; i++) {
        const int64_t k = i - p->batch_begin;
        float *input = p->slot->batch.inputs + k * loader_input_elements(l);
        void *label = (unsigned char *)p->slot->batch.labels + (size_t)k * loader_label_bytes(l);
        struct made *made = &p->slot->made[k];
        report_hold(&made->said);
        made->bad = !loader_sample(l, space, sample_at(&q->plan, i), input, label);
        report_hold(NULL);
    }
}

static void finish_piece(struct loader_queue *q, const struct piece *p)
{
    p->slot->done += p->end - p->begin;
    if (p->slot->done == p->slot->batch.n)
        pthread_cond_signal(&q->done);
}

/* Where workers stop: behind the last batch that there is a slot for. */
static int64_t room_end(const struct loader_queue *q)
{
    const int64_t oldest = q->taken > 0 ? q->taken - 1 : 0;
    return batch_end(q, oldest + q->slot_count - 1);
}

static void *work(void *argument)
{
    struct loader_queue *q = argument;
    struct loader_space space = {0};
    struct piece p;
    pthread_mutex_lock(&q->lock);
    while (!q->stop && q->next < q->plan.end) {
        if (!take_piece(q, room_end(q), &p)) {
            pthread_cond_wait(&q->room, &q->lock);
            continue;
        }
        pthread_mutex_unlock(&q->lock);
        make_piece(q, &space, &p);
        pthread_mutex_lock(&q->lock);
        finish_piece(q, &p);
    }
    pthread_mutex_unlock(&q->lock);
    loader_space_free(&space);
    return NULL;
}

/* ---- opening and closing ---- */

static struct batch make_batch(const struct loader_plan *p)
{
    const size_t n = (size_t)p->batch;
    return (struct batch){0,
                          app_alloc(n * (size_t)loader_input_elements(&p->loader), sizeof(float)),
                          app_alloc(n, loader_label_bytes(&p->loader))};
}

static void free_batch(struct batch *b)
{
    free(b->inputs);
    free(b->labels);
}

/* Slots: one for the batch in use, and some ahead of it. */
static int64_t count_slots(const struct loader_plan *p)
{
    const int64_t bytes = p->batch * (loader_input_elements(&p->loader) * (int64_t)sizeof(float)),
                  ahead = BATCHES_AHEAD + p->workers / p->batch, fit = AHEAD_MOST / bytes,
                  batches = ceil_div(p->end - p->first, p->batch);
    if (!p->workers)
        return 1;
    const int64_t wanted = 1 + (ahead < fit ? ahead : fit > 1 ? fit : 1);
    return wanted < batches ? wanted : batches > 1 ? batches : 1;
}

/* Signals reach other threads only, so that a Ctrl-C ends the wait of the one that looks for it. */
static void start_workers(struct loader_queue *q)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    q->workers = app_alloc((size_t)q->plan.workers, sizeof *q->workers);
    while (q->worker_count < q->plan.workers &&
           pthread_create(&q->workers[q->worker_count], NULL, work, q) == 0)
        q->worker_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void prepare_slot(struct loader_queue *q, int64_t number)
{
    struct slot *s = slot_of(q, number);
    const int64_t n = batch_end(q, number) - batch_begin(q, number);
    s->batch.n = n > 0 ? n : 0;
    s->done = 0;
}

struct loader_queue *loader_queue_open(const struct loader_plan *plan)
{
    struct loader_queue *q = app_alloc(1, sizeof *q);
    q->plan = *plan;
    q->next = plan->first;
    q->slot_count = count_slots(plan);
    q->piece = ceil_div(plan->batch, PIECES_PER_THREAD * ((int64_t)plan->threads + plan->workers));
    q->slots = app_alloc((size_t)q->slot_count, sizeof *q->slots);
    q->spaces = app_alloc((size_t)plan->threads, sizeof *q->spaces);
    q->samples = app_alloc((size_t)plan->batch, sizeof *q->samples);
    for (int64_t i = 0; i < q->slot_count; i++) {
        q->slots[i].batch = make_batch(plan);
        q->slots[i].made = app_alloc((size_t)plan->batch, sizeof *q->slots[i].made);
        prepare_slot(q, i);
    }
    if (plan->loader.input->mix)
        q->mixed = make_batch(plan);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->room, NULL);
    pthread_cond_init(&q->done, NULL);
    start_workers(q);
    return q;
}

static void stop_workers(struct loader_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->stop = true;
    pthread_cond_broadcast(&q->room);
    pthread_mutex_unlock(&q->lock);
    for (int i = 0; i < q->worker_count; i++)
        pthread_join(q->workers[i], NULL);
}

static void free_slot(struct slot *s, int64_t samples)
{
    for (int64_t k = 0; k < samples; k++)
        free(s->made[k].said.lines);
    free(s->made);
    free_batch(&s->batch);
}

void loader_queue_close(struct loader_queue *q)
{
    if (!q)
        return;
    stop_workers(q);
    for (int64_t i = 0; i < q->slot_count; i++)
        free_slot(&q->slots[i], q->plan.batch);
    for (int i = 0; i < q->plan.threads; i++)
        loader_space_free(&q->spaces[i]);
    free_batch(&q->mixed);
    pthread_cond_destroy(&q->done);
    pthread_cond_destroy(&q->room);
    pthread_mutex_destroy(&q->lock);
    free(q->workers);
    free(q->samples);
    free(q->spaces);
    free(q->slots);
    free(q);
}

/* ---- taking batches ---- */

/* Gives the slot of the batch that was in use back, and makes the next one the batch in use; its number. */
static int64_t turn(struct loader_queue *q)
{
    pthread_mutex_lock(&q->lock);
    const int64_t number = q->taken++;
    if (number > 0)
        prepare_slot(q, number - 1 + q->slot_count);
    pthread_cond_broadcast(&q->room);
    pthread_mutex_unlock(&q->lock);
    return number;
}

/* Makes samples up to `limit` that nobody has taken. */
static void help(struct loader_queue *q, struct loader_space *space, int64_t limit)
{
    struct piece p;
    pthread_mutex_lock(&q->lock);
    while (take_piece(q, limit, &p)) {
        pthread_mutex_unlock(&q->lock);
        make_piece(q, space, &p);
        pthread_mutex_lock(&q->lock);
        finish_piece(q, &p);
    }
    pthread_mutex_unlock(&q->lock);
}

static bool needs_help(struct loader_queue *q, int64_t limit)
{
    pthread_mutex_lock(&q->lock);
    const bool needed = q->next < limit;
    pthread_mutex_unlock(&q->lock);
    return needed;
}

/* Makes what is left of a batch by all threads, and waits for what the workers are making of it. */
static void complete(struct loader_queue *q, int64_t number)
{
    const struct slot *s = slot_of(q, number);
    const int64_t limit = batch_end(q, number);
    if (needs_help(q, limit)) {
#pragma omp parallel num_threads(q->plan.threads)
        help(q, &q->spaces[omp_get_thread_num()], limit);
    }
    pthread_mutex_lock(&q->lock);
    while (s->done < s->batch.n)
        pthread_cond_wait(&q->done, &q->lock);
    pthread_mutex_unlock(&q->lock);
}

static void move_sample(const struct loader *l, struct batch *b, int64_t from, int64_t to)
{
    const size_t input = (size_t)loader_input_elements(l) * sizeof(float),
                 label = loader_label_bytes(l);
    unsigned char *inputs = (unsigned char *)b->inputs, *labels = b->labels;
    memmove(inputs + (size_t)to * input, inputs + (size_t)from * input, input);
    memmove(labels + (size_t)to * label, labels + (size_t)from * label, label);
}

/* Prints what was said of the batch's samples, up to the first bad one unless they are skipped, and moves the good ones together.
 * false if a bad one ends it all. */
static bool sort_out(struct loader_queue *q, struct slot *s, int64_t begin)
{
    const int64_t n = s->batch.n;
    s->batch.n = 0;
    for (int64_t k = 0; k < n; k++) {
        report_release(&s->made[k].said);
        if (s->made[k].bad && !q->plan.skip)
            return false;
        if (s->made[k].bad)
            continue;
        if (s->batch.n < k)
            move_sample(&q->plan.loader, &s->batch, k, s->batch.n);
        q->samples[s->batch.n++] = sample_at(&q->plan, begin + k);
    }
    return true;
}

static void mix(struct loader_queue *q, const struct batch *b)
{
    q->mixed.n = b->n;
#pragma omp parallel for num_threads(q->plan.threads) schedule(static)
    for (int64_t k = 0; k < b->n; k++)
        loader_mix(&q->plan.loader, b, k, q->samples[k], &q->mixed);
}

enum loaded loader_queue_next(struct loader_queue *q, struct loaded_batch *out)
{
    const int64_t number = turn(q), begin = batch_begin(q, number);
    struct slot *s = slot_of(q, number);
    if (begin >= q->plan.end)
        return LOADED_END;
    complete(q, number);
    if (!sort_out(q, s, begin))
        return LOADED_FAILED;
    const bool mixes = q->plan.loader.input->mix != NULL;
    if (mixes)
        mix(q, &s->batch);
    *out = (struct loaded_batch){mixes ? q->mixed : s->batch, q->samples,
                                 batch_end(q, number) - begin};
    return LOADED_BATCH;
}
