/* One team of threads per entry: thread 0 runs the entry and posts the kernels, the others help.
 *
 * A job is cut into chunks of contiguous units, which threads take from one counter. Thread 0 goes
 * on when all chunks are finished, not when all threads have arrived: a thread that lost its core
 * to another process delays nothing unless it holds a chunk. Which thread runs which chunk is a
 * matter of time alone and never changes a result. Threads come from OpenMP (one parallel region
 * per entry); without OpenMP everything runs in the caller.
 *
 * While a thread computes, denormal results and operands are treated as zero, as they would slow an
 * otherwise finished computation by orders of magnitude. */
#include "core.h"

#include <stdatomic.h>
#include <stdbool.h>

#ifdef _OPENMP
#include <omp.h>
#include <sched.h>
#endif
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#ifdef __SSE__
typedef unsigned fp_state;

static fp_state flush_denormals(void)
{
    const unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | 0x8000U | 0x0040U); /* flush to zero, denormals are zero */
    return saved;
}

static void restore_denormals(fp_state saved)
{
    /* Only the two modes: the exception flags that the computation raised are its business. */
    _mm_setcsr((_mm_getcsr() & ~(0x8000U | 0x0040U)) | (saved & (0x8000U | 0x0040U)));
}
#elif defined(__aarch64__)
typedef uint64_t fp_state;

static fp_state flush_denormals(void)
{
    uint64_t saved;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved));
    __asm__ volatile("msr fpcr, %0" : : "r"(saved | UINT64_C(1) << 24));
    return saved;
}

static void restore_denormals(fp_state saved) { __asm__ volatile("msr fpcr, %0" : : "r"(saved)); }
#else
typedef int fp_state;

static fp_state flush_denormals(void) { return 0; }

static void restore_denormals(fp_state saved) { (void)saved; }
#endif

int ftmrt_threads(const struct ftmrt_context *context)
{
    if (context && context->threads > 0)
        return context->threads;
#ifdef _OPENMP
    return omp_get_max_threads(); /* which OMP_NUM_THREADS sets */
#else
    return 1;
#endif
}

/* The chunks of a job that are still to be handed out, and the job's number above them, in one
 * word: a thread that slept through a job cannot take a chunk of the next one by mistake. */
enum { JOB_SHIFT = 32 };

/* Chunks that each thread finds on average: enough to even out a core that other processes take,
 * few enough that neighbouring units stay together. */
enum { CHUNKS_PER_THREAD = 4 };

struct ftmrt_team {
    _Alignas(64) _Atomic uint64_t work; /* job << JOB_SHIFT | chunks left */
    _Alignas(64) _Atomic int64_t done;  /* chunks of the job that are finished */
    _Alignas(64) atomic_bool stop;
    int threads;
    /* The job; written before `work` is, read by the owner of a chunk. */
    ftmrt_kernel *kernel;
    const struct ftmrt_task *task;
    int64_t units, chunks;
};

/* Takes a chunk of the job at hand: its index, or -1 if none is left. */
static int64_t take_chunk(struct ftmrt_team *t)
{
    uint64_t seen = atomic_load_explicit(&t->work, memory_order_acquire);
    while ((uint32_t)seen != 0)
        if (atomic_compare_exchange_weak_explicit(&t->work, &seen, seen - 1, memory_order_acq_rel,
                                                  memory_order_acquire))
            return (int64_t)(uint32_t)seen - 1;
    return -1;
}

/* The task with the units begin <= u < end, for a worker. */
static void run_units(ftmrt_kernel *kernel, const struct ftmrt_task *task, int64_t begin,
                      int64_t end, int64_t worker)
{
    struct ftmrt_task piece = *task;
    piece.begin = begin;
    piece.end = end;
    piece.worker = worker;
    kernel(&piece);
}

void ftmrt_run_piece(ftmrt_kernel *kernel, const struct ftmrt_task *task, int64_t begin,
                     int64_t end, int64_t worker)
{
    const fp_state saved = flush_denormals();
    run_units(kernel, task, begin, end, worker);
    restore_denormals(saved);
}

/* Runs one chunk if there is one. */
static bool help(struct ftmrt_team *t, int64_t worker)
{
    const int64_t chunk = take_chunk(t);
    if (chunk < 0)
        return false;
    run_units(t->kernel, t->task, t->units * chunk / t->chunks, t->units * (chunk + 1) / t->chunks,
              worker);
    atomic_fetch_add_explicit(&t->done, 1, memory_order_release);
    return true;
}

/* Waits a moment: a few times on the spot, then by giving the core to whoever wants it. */
static void wait_a_moment(int *waited)
{
#ifdef _OPENMP
    if (++*waited > 1000)
        sched_yield();
#else
    ++*waited;
#endif
#ifdef __SSE__
    _mm_pause();
#endif
}

/* Posts a job as thread 0 of its team, and works on it until it is done. */
static void run_job(struct ftmrt_team *t, ftmrt_kernel *kernel, const struct ftmrt_task *task,
                    int64_t units)
{
    const int64_t most = (int64_t)t->threads * CHUNKS_PER_THREAD;
    t->kernel = kernel;
    t->task = task;
    t->units = units;
    t->chunks = units < most ? units : most;
    atomic_store_explicit(&t->done, 0, memory_order_relaxed);
    const uint64_t job = (atomic_load_explicit(&t->work, memory_order_relaxed) >> JOB_SHIFT) + 1;
    atomic_store_explicit(&t->work, job << JOB_SHIFT | (uint64_t)t->chunks, memory_order_release);
    while (help(t, 0)) {
    }
    int waited = 0;
    while (atomic_load_explicit(&t->done, memory_order_acquire) < t->chunks)
        wait_a_moment(&waited);
}

/* A function to run as thread 0 of a team. */
struct errand {
    void (*run)(struct errand *errand);
    struct ftmrt_context *context;
};

#ifdef _OPENMP
static void serve(struct ftmrt_team *t, int64_t worker)
{
    int waited = 0;
    while (!atomic_load_explicit(&t->stop, memory_order_acquire)) {
        if (help(t, worker))
            waited = 0;
        else
            wait_a_moment(&waited);
    }
}

static void run_in_team(struct errand *errand, int threads)
{
    struct ftmrt_team team = {.threads = threads};
    struct ftmrt_team *t = &team;
    errand->context->team = t;
#pragma omp parallel num_threads(threads) default(none) firstprivate(t, errand)
    {
        const fp_state saved = flush_denormals();
        if (omp_get_thread_num() == 0) {
            errand->run(errand);
            atomic_store_explicit(&t->stop, true, memory_order_release);
        } else {
            serve(t, omp_get_thread_num());
        }
        restore_denormals(saved);
    }
    errand->context->team = NULL;
}
#endif

/* Runs an errand with as many threads as the context wants, or in the caller alone. */
static void run_errand(struct errand *errand)
{
#ifdef _OPENMP
    const int threads = ftmrt_threads(errand->context);
    if (!errand->context->parallel && threads > 1 && !omp_in_parallel()) {
        run_in_team(errand, threads);
        return;
    }
#endif
    const fp_state saved = flush_denormals();
    errand->run(errand);
    restore_denormals(saved);
}

struct kernel_errand {
    struct errand errand; /* first */
    ftmrt_kernel *kernel;
    const struct ftmrt_task *task;
    int64_t units;
};

static void run_kernel_errand(struct errand *errand)
{
    const struct kernel_errand *k = (const struct kernel_errand *)errand;
    if (errand->context->team)
        run_job(errand->context->team, k->kernel, k->task, k->units);
    else
        run_units(k->kernel, k->task, 0, k->units, 0);
}

static bool is_cancelled(const struct ftmrt_context *c)
{
    return c->cancel && __atomic_load_n(c->cancel, __ATOMIC_RELAXED);
}

void ftmrt_parallel(ftmrt_kernel *kernel, const struct ftmrt_task *task, int64_t units)
{
    struct ftmrt_context *c = task->context;
    struct kernel_errand k = {{run_kernel_errand, c}, kernel, task, units};
    if (units <= 0 || is_cancelled(c))
        return;
    if (c->parallel)
        c->parallel(c->parallel_user, kernel, task, units);
    else if (c->team && units == 1)
        run_units(kernel, task, 0, units, 0);
    else if (c->team)
        run_job(c->team, kernel, task, units);
    else
        run_errand(&k.errand);
}

struct body_errand {
    struct errand errand; /* first */
    ftmrt_body *body;
    const void *const *inputs;
    void *const *outputs;
    int64_t n;
};

static void run_body_errand(struct errand *errand)
{
    const struct body_errand *b = (const struct body_errand *)errand;
    b->body(errand->context, b->inputs, b->outputs, b->n);
}

void ftmrt_run(ftmrt_body *body, struct ftmrt_context *context, const void *const *inputs,
               void *const *outputs, int64_t n)
{
    struct body_errand b = {{run_body_errand, context}, body, inputs, outputs, n};
    run_errand(&b.errand);
}
