/* All of an image is dropped or not: in a residual branch, what is left is the image as it came.
 *
 * Source: G. Huang, Y. Sun, Z. Liu, D. Sedra, K. Weinberger, Deep Networks with Stochastic Depth, ECCV 2016. */
#include "drop.h"
#include "rules.h"

void eval_drop_path(struct eval *e) { drop_eval(e, DRAW_FOR_IMAGE); }

void grad_drop_path(struct grad *g) { drop_grad(g); }

emit_value emit_drop_path(struct emit *e, const struct attrs *attrs)
{
    return drop_emit(e, attrs, DRAW_FOR_IMAGE);
}
