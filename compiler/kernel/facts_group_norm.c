/* Facts of the kernels of group normalisation. */
#include <inttypes.h>

#include "facts.h"

/* Four rows of channels for each image: what the runs have in common (codegen/kernel_group_norm.c). */
static uint64_t scratch(const struct graph *g, const struct node *n)
{
    const struct type row = {FTMRT_F32, shape_2d(4, n->type.shape.dim[1])};
    return (uint64_t)g->program->max_batch *
           form_bytes(form_usual(&row, FTMRT_LAYOUT_PLAIN), &row.shape);
}

static void name(struct strbuf *b, const struct graph *g, const struct node *n)
{
    (void)g;
    strbuf_addf(b, "_%" PRId64, n->attrs->groups);
    kernel_name_shape(b, &n->type.shape);
}

const struct kernel_facts facts_group_norm = {
    .takes_steps = true, .scratch = scratch, .detail = name};
