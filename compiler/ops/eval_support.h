/* Small things that many reference evaluations share: a tensor seen by channels, and the two inner
 * loops. */
#ifndef FTM_OPS_EVAL_SUPPORT_H
#define FTM_OPS_EVAL_SUPPORT_H

#include <math.h>
#include <string.h>

#include "op.h"

/* A shape [N,C,...] as [n][c][inner]; a [C] is one image of one position, with inner = 1. */
struct channels {
    int64_t n, c, inner;
};

static inline struct channels channels_of(const struct shape *s)
{
    struct channels ch = {.n = 1, .c = 1, .inner = 1};
    if (s->rank == 1)
        ch.c = s->dim[0];
    else if (s->rank > 1)
        ch = (struct channels){.n = s->dim[0], .c = s->dim[1], .inner = 1};
    for (uint32_t i = 2; i < s->rank; i++)
        ch.inner *= s->dim[i];
    return ch;
}

static inline int64_t tensor_elements(const struct tensor *t)
{
    return shape_elements(&t->shape, 1);
}

/* The element of an operand of kind b (ops.def) for element i of a result. */
static inline int64_t broadcast_element(const struct shape *operand, const struct shape *result,
                                        int64_t i)
{
    if (operand->rank == 0)
        return 0;
    struct channels to = channels_of(operand), from = channels_of(result);
    int64_t image = i / (from.c * from.inner), channel = i / from.inner % from.c;
    if (operand->rank == 1 && result->rank > 1)
        return channel;
    return (image * to.c + (to.c == 1 ? 0 : channel)) * to.inner +
           (to.inner == 1 ? 0 : i % from.inner);
}

/* The whole operand, unchanged (views). */
static inline void eval_copy(struct eval *e)
{
    memcpy(e->out.data, e->in[0].data, (size_t)tensor_elements(&e->out) * sizeof(double));
}

/* y += a * x over n elements. */
static inline void axpy(int64_t n, double a, const double *restrict x, double *restrict y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* Sum of a * b over n elements: four chains, since one alone would wait for each addition. */
static inline double dot(int64_t n, const double *a, const double *b)
{
    double s[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        s[0] += a[i] * b[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

#endif
