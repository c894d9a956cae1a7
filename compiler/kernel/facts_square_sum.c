/* Facts of the sum of squares. */
#include "facts.h"
#include "query.h"
#include "rounding.h"
#include "square_sum.h"

int64_t square_sum_elements(const struct graph *g, const struct node *n)
{
    const struct node *x = graph_node(g, n->inputs[0]);
    return form_elements(x->form, &x->type.shape);
}

int64_t square_sum_pieces(const struct graph *g, const struct node *n)
{
    return ceil_div(square_sum_elements(g, n), SQUARE_SUM_PIECE);
}

/* A float for each piece. */
static uint64_t scratch(const struct graph *g, const struct node *n)
{
    return (uint64_t)square_sum_pieces(g, n) * sizeof(float);
}

/* As it lies. */
static struct form wants(const struct graph *g, const struct node *n, uint32_t operand)
{
    return graph_node(g, n->inputs[operand])->form;
}

static void detail(struct strbuf *b, const struct graph *g, const struct node *n)
{
    const struct node *x = graph_node(g, n->inputs[0]);
    strbuf_addf(b, "_%s", ftmrt_layout_name(x->form.layout));
    kernel_name_shape(b, &x->type.shape);
}

const struct kernel_facts facts_square_sum = {.wants = wants, .scratch = scratch, .detail = detail};
