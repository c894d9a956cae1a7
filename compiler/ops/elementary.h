/* exp over the whole of single precision, for emission rules to which infinities matter. */
#ifndef FTM_OPS_ELEMENTARY_H
#define FTM_OPS_ELEMENTARY_H

#include "emit.h"

/* e^x as the square of e^(x/2): 0 and infinity where it leaves the normal numbers, which lanes_exp stays within. Largest
 * relative error 2.7e-7. */
static inline emit_value emit_whole_exp(struct emit *e, emit_value x)
{
    emit_value root = lanes_exp(e, lanes_mul(e, x, lanes_const(e, 0.5)));
    return lanes_mul(e, root, root);
}

#endif
