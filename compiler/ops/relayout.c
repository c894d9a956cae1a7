/* The same value in another layout. Shapes and values are logical, so the reference evaluation
 * copies. */
#include "derived.h"
#include "rules.h"

void eval_relayout(struct eval *e) { eval_derived(e, FTMRT_DERIVE_COPY, 1); }
