/* Runs of a tensor along one dimension: what concat and narrow copy. */
#ifndef FTM_OPS_SLABS_H
#define FTM_OPS_SLABS_H

#include "op.h"

/* y[..., to + i, ...] = x[..., from + i, ...] for 0 <= i < count along `dim`; the tensors agree in their other dimensions. */
void slabs_copy(const struct tensor *x, int64_t from, const struct tensor *y, int64_t to, int dim,
                int64_t count);

#endif
