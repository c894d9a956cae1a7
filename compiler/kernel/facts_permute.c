/* Facts of the kernel that permutes: the operand lies as it may. */
#include <inttypes.h>

#include "facts.h"

static struct form wants(const struct graph *g, const struct node *n, uint32_t operand)
{
    return graph_node(g, n->inputs[operand])->form;
}

static void name(struct strbuf *b, const struct graph *g, const struct node *n)
{
    strbuf_addc(b, '_');
    for (uint32_t i = 0; i < n->attrs->dims.count; i++)
        strbuf_addf(b, "%" PRId64, n->attrs->dims.at[i]);
    kernel_name_shape(b, graph_shape(g, n->inputs[0]));
}

const struct kernel_facts facts_permute = {.wants = wants, .detail = name};
