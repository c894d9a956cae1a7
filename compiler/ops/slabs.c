#include "slabs.h"

#include <string.h>

void slabs_copy(const struct tensor *x, int64_t from, const struct tensor *y, int64_t to, int dim,
                int64_t count)
{
    int64_t outer = 1, inner = 1;
    for (int i = 0; i < dim; i++)
        outer *= x->shape.dim[i];
    for (uint32_t i = (uint32_t)dim + 1; i < x->shape.rank; i++)
        inner *= x->shape.dim[i];
    for (int64_t o = 0; o < outer; o++)
        memcpy(y->data + (o * y->shape.dim[dim] + to) * inner,
               x->data + (o * x->shape.dim[dim] + from) * inner,
               (size_t)(count * inner) * sizeof(double));
}
