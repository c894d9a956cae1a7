/* Every op of ops.def that computes something at run time, as kernels to be measured.
 *
 * The list comes from the table: an op with a gradient rule is built on operands of the kinds that its row names, and its rule
 * then builds the ops of its gradient on theirs; what neither gives (optimizers, statistics) is built by its row. Only what needs
 * other attributes than the usual ones, or stands for several shapes, has rows of its own (op_cases.c). */
#ifndef FTM_BENCH_OP_CASES_H
#define FTM_BENCH_OP_CASES_H

#include "kernel_run.h"

/* One of the sizes that everything is measured at: a map [images, channels, side, side]. */
struct op_size {
    const char *name;
    int64_t images, channels, side;
};

struct variation; /* a form of an op: attributes and shapes */

/* An op to be measured: `op`, as it stands in what `variation` builds. */
struct op_case {
    enum op op;
    const struct variation *variation;
    bool gradient; /* made by a gradient rule */
    char name[64]; /* "conv2d_grad_weight 3x3" */
};

enum { OP_CASES_MAX = 256 };

/* All of them, in the order of ops.def; how many. */
uint32_t op_cases(struct op_case cases[OP_CASES_MAX]);

/* A kernel case of it at that size: to be built and prepared. Its run is made for op_case_images() at least. */
struct kernel_case *op_case_new(struct kernel_run *r, const struct op_case *c,
                                const struct op_size *s);
int64_t op_case_images(const struct op_case *c, const struct op_size *s);
/* Whether it reads no more of its operands than its result has. */
bool op_case_reads_result(const struct op_case *c);

#endif
