/* Lanes past the last channel: blocks have 16 of them, and in whatever is stored those without a
 * channel are zero, so that kernels may always work on whole vectors. */
#ifndef FTM_KERNEL_PADDING_H
#define FTM_KERNEL_PADDING_H

#include "graph.h"

/* Whether a node's expression (its own if it is element-wise, and its steps) leaves zeros in those
 * lanes where its operands have them. If not, its kernel masks them where it stores the result. A
 * kernel that is not element-wise makes zeros there itself. */
bool padding_stays_zero(const struct graph *g, const struct node *n);

/* Whether the kernel masks what it stores: not if there are no such lanes in an activation. */
bool padding_masked(const struct graph *g, const struct node *n);

#endif
