/* The sum of the squares of all elements of a value. */
#include "eval_support.h"
#include "op_shape.h"
#include "rules.h"

bool shape_square_sum(struct graph *g, struct node *n)
{
    if (!shape_want_f32(g, n, 0))
        return false;
    n->type = shape_f32(shape_scalar());
    return true;
}

void eval_square_sum(struct eval *e)
{
    const double *x = e->in[0].data;
    int64_t size = tensor_elements(&e->in[0]);
    for (int64_t i = 0; i < size; i++)
        e->out.data[0] += x[i] * x[i];
}
