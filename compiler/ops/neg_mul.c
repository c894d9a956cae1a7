/* y = -(a * b): the part of bn_shift's gradient that goes to the scale. */
#include "eval_support.h"
#include "rules.h"

void eval_neg_mul(struct eval *e)
{
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = -(e->in[0].data[i] * e->in[1].data[i]);
}

emit_value emit_neg_mul(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_mul(e, lanes_mul(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0)), lanes_const(e, -1.0));
}
