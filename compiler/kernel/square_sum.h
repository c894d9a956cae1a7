/* The pieces that a sum of squares is cut into. */
#ifndef FTM_KERNEL_SQUARE_SUM_H
#define FTM_KERNEL_SQUARE_SUM_H

#include "graph.h"

enum { SQUARE_SUM_PIECE = 4096 }; /* elements */

/* The floats of the operand in memory, padding included, and the pieces of them. */
int64_t square_sum_elements(const struct graph *g, const struct node *n);
int64_t square_sum_pieces(const struct graph *g, const struct node *n);

#endif
