#include "machine.h"

#include <stdlib.h>
#include <time.h>

double machine_cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double machine_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

/* ---- registers ---- */

#define CHAINS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define NAMES                                                                                      \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",       \
        "xmm11", "xmm12", "xmm13"

#define FMA_16(i)    "vfmadd231ps %%zmm12, %%zmm13, %%zmm" #i "\n"
#define FMA_8(i)     "vfmadd231ps %%ymm12, %%ymm13, %%ymm" #i "\n"
#define FMA_4(i)     "mulps %%xmm12, %%xmm" #i "\naddps %%xmm13, %%xmm" #i "\n"
#define DIVIDE_16(i) "vdivps %%zmm12, %%zmm13, %%zmm" #i "\n"
#define DIVIDE_8(i)  "vdivps %%ymm12, %%ymm13, %%ymm" #i "\n"
#define DIVIDE_4(i)  "divps %%xmm12, %%xmm" #i "\n"
#define SQRT_16(i)   "vsqrtps %%zmm12, %%zmm" #i "\n"
#define SQRT_8(i)    "vsqrtps %%ymm12, %%ymm" #i "\n"
#define SQRT_4(i)    "sqrtps %%xmm12, %%xmm" #i "\n"

#define COMPUTE_LOOP(name, instruction)                                                            \
    static void name(int64_t turns)                                                                \
    {                                                                                              \
        for (int64_t i = 0; i < turns; i++)                                                        \
            __asm__ volatile(CHAINS(instruction)::: NAMES);                                        \
    }
COMPUTE_LOOP(fma_16, FMA_16)
COMPUTE_LOOP(fma_8, FMA_8)
COMPUTE_LOOP(fma_4, FMA_4)
COMPUTE_LOOP(divide_16, DIVIDE_16)
COMPUTE_LOOP(divide_8, DIVIDE_8)
COMPUTE_LOOP(divide_4, DIVIDE_4)
COMPUTE_LOOP(sqrt_16, SQRT_16)
COMPUTE_LOOP(sqrt_8, SQRT_8)
COMPUTE_LOOP(sqrt_4, SQRT_4)

/* By lanes: 16, 8, 4. */
static int width_index(uint32_t lanes) { return lanes == 16 ? 0 : lanes == 8 ? 1 : 2; }

void machine_compute(enum machine_unit unit, uint32_t lanes, int64_t turns)
{
    static void (*const loops[MACHINE_UNITS][3])(int64_t) = {
        [MACHINE_FMA] = {fma_16, fma_8, fma_4},
        [MACHINE_DIVIDE] = {divide_16, divide_8, divide_4},
        [MACHINE_SQRT] = {sqrt_16, sqrt_8, sqrt_4},
    };
    loops[unit][width_index(lanes)](turns);
}

/* ---- memory ---- */

/* Keeps the compiler from making a call of memcpy or memset of a loop. */
#define BARRIER() __asm__ volatile("" ::: "memory")

enum { UNROLL = 4 };

/* Loops over arrays of `count` vectors each, which lie one behind the other. */
#define STREAM_LOOPS(lanes, isa)                                                                   \
    typedef float vec_##lanes __attribute__((vector_size(4 * (lanes))));                           \
    __attribute__((target(isa))) static void read_##lanes(void *memory, size_t count)              \
    {                                                                                              \
        const vec_##lanes *x = memory;                                                             \
        vec_##lanes sum[UNROLL] = {{0}};                                                           \
        for (size_t i = 0; i < count; i += UNROLL)                                                 \
            for (size_t u = 0; u < UNROLL; u++)                                                    \
                sum[u] += x[i + u];                                                                \
        for (size_t u = 0; u < UNROLL; u++)                                                        \
            __asm__ volatile("" ::"x"(sum[u])); /* it is needed */                                 \
    }                                                                                              \
    __attribute__((target(isa))) static void write_##lanes(void *memory, size_t count)             \
    {                                                                                              \
        vec_##lanes *y = memory, one = {1};                                                        \
        for (size_t i = 0; i < count; i += UNROLL) {                                               \
            for (size_t u = 0; u < UNROLL; u++)                                                    \
                y[i + u] = one;                                                                    \
            BARRIER();                                                                             \
        }                                                                                          \
    }                                                                                              \
    __attribute__((target(isa))) static void copy_##lanes(void *memory, size_t count)              \
    {                                                                                              \
        const vec_##lanes *x = memory;                                                             \
        vec_##lanes *y = (vec_##lanes *)memory + count;                                            \
        for (size_t i = 0; i < count; i += UNROLL) {                                               \
            for (size_t u = 0; u < UNROLL; u++)                                                    \
                y[i + u] = x[i + u];                                                               \
            BARRIER();                                                                             \
        }                                                                                          \
    }                                                                                              \
    __attribute__((target(isa))) static void triad_##lanes(void *memory, size_t count)             \
    {                                                                                              \
        const vec_##lanes *b = memory, *c = b + count;                                             \
        vec_##lanes *a = (vec_##lanes *)memory + 2 * count;                                        \
        for (size_t i = 0; i < count; i += UNROLL) {                                               \
            for (size_t u = 0; u < UNROLL; u++)                                                    \
                a[i + u] = b[i + u] + c[i + u] * 0.5F;                                             \
            BARRIER();                                                                             \
        }                                                                                          \
    }
STREAM_LOOPS(16, "avx512f")
STREAM_LOOPS(8, "avx2,fma")
STREAM_LOOPS(4, "sse2")

void machine_stream(enum machine_stream stream, uint32_t lanes, void *memory, size_t bytes)
{
    static const size_t arrays[MACHINE_STREAMS] = {1, 1, 2, 3};
    static void (*const loops[MACHINE_STREAMS][3])(void *, size_t) = {
        [MACHINE_READ] = {read_16, read_8, read_4},
        [MACHINE_WRITE] = {write_16, write_8, write_4},
        [MACHINE_COPY] = {copy_16, copy_8, copy_4},
        [MACHINE_TRIAD] = {triad_16, triad_8, triad_4},
    };
    loops[stream][width_index(lanes)](memory, bytes / arrays[stream] / (lanes * sizeof(float)));
}
