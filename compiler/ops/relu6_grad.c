/* Passes the gradient where the output is strictly between 0 and 6. */
#include "eval_support.h"
#include "rules.h"

void eval_relu6_grad(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[1].data[i] > 0 && e->in[1].data[i] < 6 ? e->in[0].data[i] : 0;
}

emit_value emit_relu6_grad(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    emit_value zero = lanes_const(e, 0.0), y = lanes_in(e, 1, 0);
    emit_value below = lanes_select_gt(e, lanes_const(e, 6.0), y, lanes_in(e, 0, 0), zero);
    return lanes_select_gt(e, y, zero, below, zero);
}
