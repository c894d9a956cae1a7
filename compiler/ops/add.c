/* The sum of two values, the second of which may be broadcast (kind b of ops.def): residual connections, and gradients of a
 * value with several users. */
#include "eval_support.h"
#include "rules.h"

void eval_add(struct eval *e)
{
    const struct tensor *b = &e->in[1];
    int64_t size = tensor_elements(&e->out);
    for (int64_t i = 0; i < size; i++)
        e->out.data[i] = e->in[0].data[i] + b->data[broadcast_element(&b->shape, &e->out.shape, i)];
}

void grad_add(struct grad *g)
{
    if (grad_wanted(g, 0))
        grad_accumulate(g, 0, g->dy);
    if (grad_wanted(g, 1))
        grad_accumulate(g, 1, broadcast_sum(g->graph, g->dy, grad_in(g, 1)));
}

emit_value emit_add(struct emit *e, const struct attrs *attrs)
{
    (void)attrs;
    return lanes_add(e, lanes_in(e, 0, 0), lanes_in(e, 1, 0));
}
