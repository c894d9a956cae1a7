/* Gradients of the compiled-in backward pass against finite differences, in double precision.
 *
 * The loss is interpreted in the program as it was built, the gradients in a program of the same
 * network after the passes. A small tensor is checked element by element, a large one along random
 * directions, both by the five-point central difference (error of order h^4). */
#ifndef FTM_SUPPORT_GRAD_CHECK_H
#define FTM_SUPPORT_GRAD_CHECK_H

#include "interp.h"

struct grad_check {
    struct arena *arena;
    struct program *forward;  /* as built: its function "train" gives the loss */
    struct program *backward; /* the same network after the backward pass */
    uint64_t seed;            /* of states and inputs (random_values.h) */
    int64_t n;
};

struct grad_result {
    double worst;     /* largest |difference - gradient| / max(|difference|, |gradient|, 1e-3) */
    char where[128];  /* its state and element or direction */
    uint32_t checked; /* comparisons made */
    double kink;      /* distance of the nearest relu, relu6 or max_pool operand to a kink */
};

/* Compares every trainable state; one without an update must not influence the loss. If the point
 * lies nearer to a kink than a finite difference reaches, nothing is compared (checked = 0): take
 * another seed. */
struct grad_result grad_check(const struct grad_check *c);

#endif
