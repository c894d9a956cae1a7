/* Gradient of bn_scale by its weight. */
#include "eval_support.h"
#include "rules.h"

void eval_bn_scale_grad_weight(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t c = 0; c < size; c++)
        e->out.data[c] = e->in[0].data[c] / sqrt(e->in[1].data[c] + e->attrs->eps);
}

emit_value emit_bn_scale_grad_weight(struct emit *e, const struct attrs *attrs)
{
    emit_value var = lanes_add(e, lanes_in(e, 1, 0), lanes_const(e, attrs->eps));
    return lanes_div(e, lanes_in(e, 0, 0), lanes_sqrt(e, var));
}
