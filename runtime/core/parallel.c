/* The one parallel loop: units are cut into as many contiguous ranges as there are threads.
 *
 * The cut is static, so neighbouring units, which share data, stay on one core from call to call. A
 * team of threads is kept by OpenMP between calls; without OpenMP everything runs in the caller.
 * While a thread computes, denormal results and operands are treated as zero, as they would slow an
 * otherwise finished computation by orders of magnitude. */
#include "core.h"

#include <stdatomic.h>

#ifdef _OPENMP
#include <omp.h>
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

static void run_range(ftmrt_kernel *kernel, void *const *buffers, int64_t n, int64_t begin,
                      int64_t end)
{
    const fp_state saved = flush_denormals();
    kernel(buffers, n, begin, end);
    restore_denormals(saved);
}

#ifdef _OPENMP
/* First unit of part `part` of `parts` of nearly equal size. */
static int64_t cut(int64_t units, int64_t part, int64_t parts)
{
    const int64_t rest = units % parts;
    return units / parts * part + (part < rest ? part : rest);
}

static void run_team(ftmrt_kernel *kernel, void *const *buffers, int64_t n, int64_t units,
                     int threads)
{
#pragma omp parallel num_threads(threads) default(none) firstprivate(kernel, buffers, n, units)
    {
        const int64_t parts = omp_get_num_threads(), part = omp_get_thread_num();
        const int64_t begin = cut(units, part, parts), end = cut(units, part + 1, parts);
        if (begin < end)
            run_range(kernel, buffers, n, begin, end);
    }
}
#endif

void ftmrt_parallel(ftmrt_kernel *kernel, void *const *buffers, int64_t n, int64_t units)
{
    if (units <= 0)
        return;
#ifdef _OPENMP
    /* The team keeps its size even where there are fewer units: OpenMP libraries end and restart
     * threads when it changes, which takes longer than a small kernel. */
    const int threads = ftmrt_threads();
    if (threads > 1 && units > 1 && !omp_in_parallel()) {
        run_team(kernel, buffers, n, units, threads);
        return;
    }
#endif
    run_range(kernel, buffers, n, 0, units);
}
