/* A bias behind which a frozen batch norm was folded. Only ever of constants; it is element-wise,
 * so a graph that does not evaluate constants can still run it. */
#include "derived.h"
#include "rules.h"

void eval_bias_affine(struct eval *e) { eval_derived(e, FTMRT_DERIVE_BIAS_AFFINE, 3); }

emit_value emit_bias_affine(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_fma(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0), lanes_in(e, 2, 0));
}
