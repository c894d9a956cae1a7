/* Facts of the element-wise kernels and of the optimizers' updates: sweeps whose code is for all sizes, so
 * that a network of many channel counts has a kernel per expression and not one per count. */
#include "facts.h"
#include "op.h"
#include "padding.h"
#include "rounding.h"

static int64_t pixels(const struct shape *s) { return s->rank == 4 ? s->dim[2] * s->dim[3] : 1; }

bool kernel_one_channel(const struct shape *value, const struct shape *result)
{
    return value->rank == 4 && value->dim[1] == 1 && result->dim[1] > 1;
}

bool kernel_one_pixel(const struct shape *value, const struct shape *result)
{
    return pixels(value) == 1 && pixels(result) > 1;
}

bool kernel_same_kind(const struct node *a, const struct node *x, const struct node *b,
                      const struct node *y)
{
    const struct shape *s = &a->type.shape, *t = &b->type.shape;
    bool alike = a->type.dtype == b->type.dtype && form_equal(a->form, b->form) &&
                 s->rank == t->rank && shape_batched(s) == shape_batched(t);
    if (!alike || a->form.layout != FTMRT_LAYOUT_BLOCKED)
        return alike;
    const struct shape *to = &x->type.shape, *too = &y->type.shape;
    return kernel_one_channel(s, to) == kernel_one_channel(t, too) &&
           kernel_one_pixel(s, to) == kernel_one_pixel(t, too);
}

/* Sizes of a value as its kernel reads them. */
static void sizes_of(const struct node *n, int64_t sizes[SIZE_COUNT])
{
    const struct shape *s = &n->type.shape;
    bool activation = n->form.layout == FTMRT_LAYOUT_BLOCKED;
    sizes[SIZE_CHANNELS] = s->rank == 0 ? 1 : s->dim[activation ? 1 : s->rank - 1];
    sizes[SIZE_BLOCKS] = ceil_div(sizes[SIZE_CHANNELS], FTMRT_CB);
    sizes[SIZE_PIXELS] = pixels(s);
    sizes[SIZE_GROUPS] = activation ? 0 : ceil_div(form_elements(n->form, s), FTMRT_CB);
}

void kernel_sizes(const struct graph *g, const struct node *n, int64_t sizes[SIZE_COUNT])
{
    uint32_t sized = kernel_facts(kernel_of(g, n))->sized;
    sizes_of(sized == UINT32_MAX ? n : graph_node(g, n->inputs[sized]), sizes);
}

/* A mask of packed weights, or of the rows of [R,C], follows from all of their sizes. */
static bool sweeps_any_size(const struct graph *g, const struct node *n)
{
    return n->form.layout == FTMRT_LAYOUT_BLOCKED || padding_stays_zero(g, n);
}

const struct kernel_facts facts_elementwise = {
    .takes_steps = true, .any_size = sweeps_any_size, .sized = UINT32_MAX};

static bool always(const struct graph *g, const struct node *n)
{
    (void)g, (void)n;
    return true;
}

/* Gradient, parameter and slots lie alike. */
const struct kernel_facts facts_update = {.any_size = always, .sized = 1};
