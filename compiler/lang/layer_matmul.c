/* matmul: products of values, or of a value and a parameter; which of them there are follows from both shapes
 * (ops/matmul_broadcast.c). */
#include "layer.h"

#include "op.h"

static value_id lower_matmul(struct layer_site *s)
{
    char first[128], other[128];
    const value_id a = s->inputs[0], b = s->inputs[1];
    const value_id y = matmul_broadcast(s->graph, a, b);
    if (value_valid(y))
        return y;
    diag_report(s->graph->program->diag, s->layer->span, DIAG_MATMUL,
                shape_text(graph_shape(s->graph, a), first, sizeof first),
                shape_text(graph_shape(s->graph, b), other, sizeof other));
    diag_note(s->graph->program->diag,
              "the last dimension of the first is the last but one of the other; both have the "
              "batch in front and as many dimensions, or one is a parameter");
    return VALUE_NONE;
}

const struct layer_rules rules_matmul = {.lower = lower_matmul, .takes_parameters = true};
