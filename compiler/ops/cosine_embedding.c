/* 1 less the cosine of the angle between the predictions of a place and its label (torch.nn.functional.cosine_embedding_loss of pairs
 * that belong together): half the square of the distance between the two at the length 1, which is exact where they are close.
 *
 *     loss = 1/n sum_i 1/2 sum_c (x[i,c] / |x[i]| - t[i,c] / |t[i]|)^2,   |v| = sqrt(sum v^2 + 1e-12)
 *
 * A row of zeros has no angle: it counts 1/2 beside any other. */
#include "composed_loss.h"
#include "op.h"

/* Added to squares of lengths, as in PyTorch. */
#define LEAST 1e-12

/* x at the length 1, over its channels. */
static value_id at_length_1(struct graph *g, value_id x)
{
    static const bool channels[4] = {false, true, false, false};
    const struct shape given = *graph_shape(g, x);
    const struct shape map = given.rank == 4 ? given : shape_4d(given.dim[0], given.dim[1], 1, 1);
    x = reshape_to(g, x, map);
    const value_id squares = sum_over(g, graph_op(g, OP_mul, NULL, x, x), channels, false, true);
    const value_id least = graph_constant(g, LEAST, graph_node(g, squares)->type);
    const value_id length = graph_op(g, OP_sqrt, NULL, graph_op(g, OP_add, NULL, squares, least));
    return reshape_to(g, graph_op(g, OP_div, NULL, x, length), given);
}

value_id compose_cosine_embedding(struct graph *g, value_id x, value_id label)
{
    const double half = (double)graph_shape(g, x)->dim[1] / 2; /* of the sum over the channels */
    return scalar_times(g, graph_op(g, OP_mse, NULL, at_length_1(g, x), at_length_1(g, label)),
                        half);
}
