/* What the tests of the small kernel families share: every case is built at every level that the
 * host has and checked for several batches. */
#ifndef FTM_TESTS_KERNEL_FAMILIES_H
#define FTM_TESTS_KERNEL_FAMILIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernel_run.h"

enum { FAMILIES_MAX_BATCH = 9, FAMILIES_SHARDS = 4, FAMILIES_MAX_CASES = 512 };

struct cases {
    struct kernel_run *run;
    int64_t batches[3]; /* the largest one first */
    struct kernel_case *at[FAMILIES_MAX_CASES];
    double tolerance[FAMILIES_MAX_CASES];
    uint32_t count;
};

/* An empty case whose error may be up to the tolerance. */
static inline struct kernel_case *case_new(struct cases *c, double tolerance, const char *label)
{
    if (c->count >= FAMILIES_MAX_CASES)
        abort();
    struct kernel_case *k = kernel_case_new(c->run, label);
    c->tolerance[c->count] = tolerance;
    c->at[c->count++] = k;
    return k;
}

static inline void check_cases(struct cases *c, const struct cpu *cpu)
{
    for (uint32_t i = 0; i < c->count; i++)
        for (size_t b = 0; b < 3; b++) {
            double error = kernel_case_check(c->at[i], c->batches[b]);
            if (!(error <= c->tolerance[i])) /* NaN fails, too */
                fail_msg("%s [%s], n = %lld: error %g", c->at[i]->label, cpu->name,
                         (long long)c->batches[b], error);
        }
}

/* Whether the host has level i. Sanitizers, which make compiling slow and do not see into kernels, take the lowest and the highest. */
static inline bool is_tested_level(uint32_t i)
{
#ifdef FTM_SANITIZED
    if (i > 0 && i + 1 < cpu_count() && ftmrt_cpu_supported(cpu_at(i + 1)->name))
        return false;
#endif
    return ftmrt_cpu_supported(cpu_at(i)->name);
}

/* Calls `make` to fill the cases and checks them for batches of max_batch, 1 and `some`, for every
 * level of the host. */
static inline void check_at_every_level(int64_t max_batch, int64_t some,
                                        void (*make)(struct cases *c))
{
    for (uint32_t i = 0; i < cpu_count(); i++) {
        const struct cpu *cpu = cpu_at(i);
        if (!is_tested_level(i))
            continue;
        struct cases c = {.run = kernel_run_new(cpu, max_batch, FAMILIES_SHARDS),
                          .batches = {max_batch, 1, some}};
        make(&c);
        kernel_run_build(c.run, NULL, NULL);
        check_cases(&c, cpu);
        kernel_run_free(c.run);
    }
}

static inline void at_every_level(void (*make)(struct cases *c))
{
    check_at_every_level(FAMILIES_MAX_BATCH, 4, make);
}

#endif
