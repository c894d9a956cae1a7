/* Passes the gradient where the output is positive; 0 at the kink, as in every framework. */
#include "eval_support.h"
#include "rules.h"

void eval_relu_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[1].data[i] > 0 ? e->in[0].data[i] : 0;
}

emit_value emit_relu_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value zero = lanes_const(e, 0.0);
    return lanes_select_gt(e, lanes_in(e, 1, 0), zero, lanes_in(e, 0, 0), zero);
}
