/* Where a network has its last map. */
#include "bind_parts.h"
#include "op.h"

/* Whether an op that reads a value as it is (a reshape, an order of dimensions, one of several results) leaves the last two dimensions,
 * rows and columns, where they were. */
static bool keeps_places(const struct graph *g, const struct node *n)
{
    if (n->op == OP_part)
        return true;
    const struct shape *in = graph_shape(g, n->inputs[0]), *out = &n->type.shape;
    const struct int_list *dims = &n->attrs->dims;
    const uint32_t r = in->rank, w = out->rank;
    if (n->input_count != 1 || r < 4 || w < 4)
        return false;
    const bool same = in->dim[r - 1] == out->dim[w - 1] && in->dim[r - 2] == out->dim[w - 2];
    return same && (!dims->count || (dims->at[w - 1] == r - 1 && dims->at[w - 2] == r - 2));
}

/* Whether a value has places that are the image's: an input, or what is made of one place by place, as operands of kind x and t (ops.def) are
 * read. */
static bool has_places(const struct graph *g, const bool *placed, value_id v)
{
    const struct node *n = graph_node(g, v);
    if (n->op == OP_input)
        return graph_shape(g, v)->rank == 4;
    if (graph_shape(g, v)->rank < 4 && !op_parts(n->op)) /* several results are packed */
        return false;
    for (uint32_t i = 0; i < n->input_count; i++) {
        const char kind = op_operand(n->op, i);
        const bool by_place = kind == 'x' || kind == 't' || (kind == 'a' && keeps_places(g, n));
        if (by_place && placed[n->inputs[i].i])
            return true;
    }
    return false;
}

/* What the output is made of. */
static void find_read(const struct graph *g, value_id output, bool *read)
{
    read[output.i] = true;
    for (uint32_t i = output.i + 1; i-- > 0;) {
        const struct node *n = &g->nodes.at[i];
        for (uint32_t j = 0; read[i] && j < n->input_count; j++)
            read[n->inputs[j].i] = true;
    }
}

value_id last_map(struct arena *arena, const struct graph *g, value_id output)
{
    bool *placed = arena_array(arena, bool, g->nodes.len),
         *read = arena_array(arena, bool, g->nodes.len);
    value_id last = VALUE_NONE;
    find_read(g, output, read);
    for (uint32_t i = 0; i < output.i; i++) {
        const value_id v = {i};
        const struct shape *s = graph_shape(g, v);
        placed[i] = has_places(g, placed, v);
        if (placed[i] && read[i] && s->rank == 4 && g->nodes.at[i].op != OP_input &&
            s->dim[2] * s->dim[3] > 1)
            last = v;
    }
    return last;
}
