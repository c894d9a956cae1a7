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

static atomic_int wanted_threads; /* 0: OpenMP's default, which OMP_NUM_THREADS sets */

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

void ftmrt_set_threads(int threads) { atomic_store(&wanted_threads, threads > 0 ? threads : 0); }

int ftmrt_threads(void)
{
    const int threads = atomic_load(&wanted_threads);
    if (threads > 0)
        return threads;
#ifdef _OPENMP
    return omp_get_max_threads();
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

struct team {
    _Alignas(64) _Atomic uint64_t work; /* job << JOB_SHIFT | chunks left */
    _Alignas(64) _Atomic int64_t done;  /* chunks of the job that are finished */
    _Alignas(64) atomic_bool stop;
    int threads;
    /* The job; written before `work` is, read by the owner of a chunk. */
    ftmrt_kernel *kernel;
    void *const *buffers;
    int64_t n, units, chunks;
};

/* The team whose thread 0 this thread is. */
static _Thread_local struct team *current;

/* Takes a chunk of the job at hand: its index, or -1 if none is left. */
static int64_t take_chunk(struct team *t)
{
    uint64_t seen = atomic_load_explicit(&t->work, memory_order_acquire);
    while ((uint32_t)seen != 0)
        if (atomic_compare_exchange_weak_explicit(&t->work, &seen, seen - 1, memory_order_acq_rel,
                                                  memory_order_acquire))
            return (int64_t)(uint32_t)seen - 1;
    return -1;
}

/* Runs one chunk if there is one. */
static bool help(struct team *t)
{
    const int64_t chunk = take_chunk(t);
    if (chunk < 0)
        return false;
    t->kernel(t->buffers, t->n, t->units * chunk / t->chunks, t->units * (chunk + 1) / t->chunks);
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

static void run_job(struct team *t, ftmrt_kernel *kernel, void *const *buffers, int64_t n,
                    int64_t units)
{
    const int64_t most = (int64_t)t->threads * CHUNKS_PER_THREAD;
    t->kernel = kernel;
    t->buffers = buffers;
    t->n = n;
    t->units = units;
    t->chunks = units < most ? units : most;
    atomic_store_explicit(&t->done, 0, memory_order_relaxed);
    const uint64_t job = (atomic_load_explicit(&t->work, memory_order_relaxed) >> JOB_SHIFT) + 1;
    atomic_store_explicit(&t->work, job << JOB_SHIFT | (uint64_t)t->chunks, memory_order_release);
    while (help(t)) {
    }
    int waited = 0;
    while (atomic_load_explicit(&t->done, memory_order_acquire) < t->chunks)
        wait_a_moment(&waited);
}

/* A function to run as thread 0 of a team. */
struct task {
    void (*run)(struct task *task);
};

#ifdef _OPENMP
static void serve(struct team *t)
{
    int waited = 0;
    while (!atomic_load_explicit(&t->stop, memory_order_acquire)) {
        if (help(t))
            waited = 0;
        else
            wait_a_moment(&waited);
    }
}

static void run_in_team(struct task *task, int threads)
{
    struct team team = {.threads = threads};
    struct team *t = &team;
#pragma omp parallel num_threads(threads) default(none) firstprivate(t, task)
    {
        const fp_state saved = flush_denormals();
        if (omp_get_thread_num() == 0) {
            current = t;
            task->run(task);
            current = NULL;
            atomic_store_explicit(&t->stop, true, memory_order_release);
        } else {
            serve(t);
        }
        restore_denormals(saved);
    }
}
#endif

/* Runs a task with as many threads as are wanted, or in the caller alone. */
static void run_task(struct task *task)
{
#ifdef _OPENMP
    const int threads = ftmrt_threads();
    if (threads > 1 && !omp_in_parallel()) {
        run_in_team(task, threads);
        return;
    }
#endif
    const fp_state saved = flush_denormals();
    task->run(task);
    restore_denormals(saved);
}

struct kernel_task {
    struct task task; /* first */
    ftmrt_kernel *kernel;
    void *const *buffers;
    int64_t n, units;
};

static void run_kernel_task(struct task *task)
{
    const struct kernel_task *k = (const struct kernel_task *)task;
    if (current)
        run_job(current, k->kernel, k->buffers, k->n, k->units);
    else
        k->kernel(k->buffers, k->n, 0, k->units);
}

void ftmrt_parallel(ftmrt_kernel *kernel, void *const *buffers, int64_t n, int64_t units)
{
    struct kernel_task k = {{run_kernel_task}, kernel, buffers, n, units};
    if (units <= 0)
        return;
    if (units == 1 && current)
        kernel(buffers, n, 0, 1);
    else if (current)
        run_job(current, kernel, buffers, n, units);
    else
        run_task(&k.task);
}

struct body_task {
    struct task task; /* first */
    ftmrt_body *body;
    void *workspace;
    const void *const *inputs;
    void *const *outputs;
    int64_t n;
};

static void run_body_task(struct task *task)
{
    const struct body_task *b = (const struct body_task *)task;
    b->body(b->workspace, b->inputs, b->outputs, b->n);
}

void ftmrt_run(ftmrt_body *body, void *workspace, const void *const *inputs, void *const *outputs,
               int64_t n)
{
    struct body_task b = {{run_body_task}, body, workspace, inputs, outputs, n};
    run_task(&b.task);
}
