/* The reference evaluation of the ops that can become constants: the runtime's derivation, so that
 * compiler, selftest and interpreter share one formula. */
#ifndef FTM_OPS_DERIVED_H
#define FTM_OPS_DERIVED_H

#include "op.h"

void eval_derived(struct eval *e, enum ftmrt_derive_op op, uint32_t inputs);

#endif
