/* What the machine can do, measured: multiply-adds, divisions and square roots a second, and bytes a second of plain loops
 * over memory. All of it in vectors of a level's width, on one thread. */
#ifndef FTM_BENCH_MACHINE_H
#define FTM_BENCH_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Seconds of CPU time of the process: other work on the machine matters less than to the time of day. */
double machine_cpu_seconds(void);

/* Loops of independent instructions on registers, in vectors of `lanes` floats (16, 8 or 4). */
enum machine_unit { MACHINE_FMA, MACHINE_DIVIDE, MACHINE_SQRT, MACHINE_UNITS };
enum { MACHINE_CHAINS = 12 };
/* Runs `turns` turns of MACHINE_CHAINS instructions each; with 4 lanes an FMA is a multiplication and an addition. */
void machine_compute(enum machine_unit unit, uint32_t lanes, int64_t turns);

/* Loops over memory: what they read and write. */
enum machine_stream {
    MACHINE_READ,  /* one array */
    MACHINE_WRITE, /* one array */
    MACHINE_COPY,  /* of one array to another */
    MACHINE_TRIAD, /* a = b + c * s: two arrays to a third */
    MACHINE_STREAMS
};
/* Runs over `bytes` in all, a multiple of 12 KiB, from `memory` on, which is aligned to 64 bytes. */
void machine_stream(enum machine_stream stream, uint32_t lanes, void *memory, size_t bytes);

/* The median of values, which are sorted. */
double machine_median(double *values, int count);

#endif
