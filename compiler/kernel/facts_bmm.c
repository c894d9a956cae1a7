/* Facts of the kernel of batched products: what is turned over for it lies in scratch. */
#include <inttypes.h>

#include "facts.h"

static uint64_t scratch(const struct graph *g, const struct node *n)
{
    struct shape b = *graph_shape(g, n->inputs[1]);
    b.dim[0] = graph_max_n(g);
    return n->attrs->transpose_b ? (uint64_t)shape_elements(&b, 1) * sizeof(float) : 0;
}

static void name(struct strbuf *b, const struct graph *g, const struct node *n)
{
    const struct shape *x = graph_shape(g, n->inputs[0]), *y = &n->type.shape;
    const int64_t groups = n->attrs->groups,
                  inner = n->attrs->transpose_a ? x->dim[1] / groups : x->dim[2];
    strbuf_addf(b, "_%s%s_%" PRId64 "g_%" PRId64 "x%" PRId64 "x%" PRId64,
                n->attrs->transpose_a ? "t" : "n", n->attrs->transpose_b ? "t" : "n", groups,
                y->dim[1] / groups, inner, y->dim[2]);
}

const struct kernel_facts facts_bmm = {.scratch = scratch, .detail = name};
