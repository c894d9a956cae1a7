/* Means of windows of channel blocks (pool_window.h), each summed in row-major order and divided once, and
 * their gradients, which add a window's share to all of its places: what avg_pool and adaptive_avg_pool
 * share. */
#ifndef FTM_CODEGEN_POOL_AVERAGE_H
#define FTM_CODEGEN_POOL_AVERAGE_H

#include "pool_window.h"

/* The kernel of the means of operand 0's windows; and that of the gradient, from dy (operand 0). */
void pool_average(struct kernel_build *k, struct pool_window w);
void pool_average_grad(struct kernel_build *k, struct pool_window w);

#endif
