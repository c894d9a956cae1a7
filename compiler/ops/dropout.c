/* Each element is dropped or not.
 *
 * Source: N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, Dropout: A Simple Way to Prevent Neural
 * Networks from Overfitting, JMLR 2014. */
#include "drop.h"
#include "rules.h"

void eval_dropout(struct eval *e) { drop_eval(e, DRAW_FOR_ELEMENT); }

void grad_dropout(struct grad *g) { drop_grad(g); }

emit_value emit_dropout(struct emit *e, const struct attrs *attrs)
{
    return drop_emit(e, attrs, DRAW_FOR_ELEMENT);
}
