/* What an op has to do at least: bytes to move and instructions to compute, from its row, its rules and its shapes. */
#ifndef FTM_BENCH_OP_WORK_H
#define FTM_BENCH_OP_WORK_H

#include "op_cases.h"

struct op_work {
    /* Operands read once, the result (and states) written once; in memory, padding included. */
    double read, written;
    double fmas; /* multiply-adds, or other instructions of one element: of lanes, not vectors */
    double divisions, roots; /* likewise */
};

/* Of convolutions, products and windows the multiply-adds (comparisons, additions) of their definition, taps in the padding
 * included; of element-wise ops, losses and updates the instructions of their emission rule at the level of the run, after
 * optimisation, without what is the same for all pixels; of other anchors those of their definition, by a table. */
struct op_work op_work(const struct op_case *c, const struct kernel_case *k, const struct cpu *cpu,
                       int64_t n);

#endif
