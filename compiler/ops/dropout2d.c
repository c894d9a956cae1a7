/* Each channel of an image is dropped or not.
 *
 * Source: J. Tompson, R. Goroshin, A. Jain, Y. LeCun, C. Bregler, Efficient Object Localization Using Convolutional Networks,
 * CVPR 2015. */
#include "drop.h"
#include "rules.h"

void eval_dropout2d(struct eval *e) { drop_eval(e, DRAW_FOR_CHANNEL); }

void grad_dropout2d(struct grad *g) { drop_grad(g); }

emit_value emit_dropout2d(struct emit *e, const struct attrs *attrs)
{
    return drop_emit(e, attrs, DRAW_FOR_CHANNEL);
}
