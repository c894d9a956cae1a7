#include "activation_map.h"

#include "op.h"

value_id activation_map(struct graph *g, value_id map, value_id gradient)
{
    static const bool places[4] = {false, false, true, true},
                      channels[4] = {false, true, false, false};
    const value_id weight = sum_over(g, gradient, places, false, true);
    return sum_over(g, graph_op(g, OP_mul, NULL, map, weight), channels, false, true);
}
