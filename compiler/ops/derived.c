#include "derived.h"

void eval_derived(struct eval *e, enum ftmrt_derive_op op, uint32_t inputs)
{
    struct ftmrt_derive d = {.op = (uint32_t)op,
                             .in = {INT32_MIN, INT32_MIN, INT32_MIN},
                             .eps = e->attrs->eps,
                             .rank = e->out.shape.rank,
                             .inner = e->in[0].shape.dim[1]};
    const double *in[3] = {0};
    for (uint32_t i = 0; i < inputs; i++) {
        d.in[i] = (int32_t)i;
        in[i] = e->in[i].data;
    }
    for (uint32_t i = 0; i < d.rank; i++)
        d.dim[i] = e->out.shape.dim[i];
    ftmrt_derive_eval(&d, in, e->out.data);
}
