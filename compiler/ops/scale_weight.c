/* A kernel with each output channel scaled: a frozen batch norm folded into the convolution before
 * it. Only ever of constants, so it is evaluated at compile time and needs neither gradient nor
 * code. */
#include "derived.h"
#include "rules.h"

void eval_scale_weight(struct eval *e) { eval_derived(e, FTMRT_DERIVE_SCALE_WEIGHT, 2); }
