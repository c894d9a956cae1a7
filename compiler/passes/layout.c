/* layout: how every value lies in memory (layout.def), and the copies between layouts.
 *
 * Expects    select has run; the graph is final but for fusion
 * Changes    a relayout is inserted wherever an operand is wanted otherwise than it lies, one per
 *            value and layout. In detail:
 *   states     a weight lies as the kernels that read it keep it (kernel/facts.h); per-channel ones
 *              VECTOR; others plain. An optimizer slot lies like its parameter: updates run on
 *              packed data
 *   values     as is usual for their type (kernel/form_usual.h): activations BLOCKED, per-channel values
 *              VECTOR, scalars and labels plain; inputs plain. A kernel may want its weight otherwise
 *              (CONV_T). An input image of fewer channels than a block stays plain if all that read
 *              it can take it so
 *   outputs    plain; an output that is a leaf, a view or an output already gets a copy of its own
 * Guarantees every operand lies as its reader wants; views keep the layout of their operand.
 *            Inside a constant sub-graph layouts mean nothing: only its root has one, in which the
 *            schedule stores it */
#include "facts.h"
#include "op.h"
#include "query.h"
#include "rewrite.h"

struct layout_pass {
    struct graph *g;
    struct arena *scratch;
    value_id *copy;            /* [value of the old graph][layout]: its relayout, or VALUE_NONE */
    bool *image;               /* by value: an input that stays plain for convolutions */
    enum ftmrt_layout *kernel; /* by value: of a weight, from the kernels it serves */
    uint32_t count;            /* nodes of the old graph */
    bool changed;
};

/* ---- weights ---- */

/* A sum of gradients of one weight, which several convolutions read, or a weight that is computed of
 * parameters. */
static bool is_weight_sum(const struct node *n)
{
    return op_info(n->op)->cls == OP_CLASS_ELEMWISE && form_is_weight(&n->type);
}

/* A sum lies like the first gradient that a convolution makes; packed in any case. */
static enum ftmrt_layout sum_layout(const struct layout_pass *p, const struct node *n)
{
    for (uint32_t i = 0; i < n->input_count; i++)
        if (p->kernel[n->inputs[i].i] != FTMRT_LAYOUT_PLAIN)
            return p->kernel[n->inputs[i].i];
    return FTMRT_LAYOUT_CONV;
}

/* What a computed weight is made of lies like it, unless a kernel wants it otherwise. */
static void find_operands_of_sum(const struct layout_pass *p, uint32_t sum)
{
    const struct node *n = &p->g->nodes.at[sum];
    if (n->dead || !is_weight_sum(n))
        return;
    for (uint32_t j = 0; j < n->input_count; j++)
        if (form_is_weight(&graph_node(p->g, n->inputs[j])->type) &&
            p->kernel[n->inputs[j].i] == FTMRT_LAYOUT_PLAIN)
            p->kernel[n->inputs[j].i] = p->kernel[sum];
}

/* Layout of a weight by the kernels that use or make it; plain if there are none. */
static void find_kernels(struct layout_pass *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const struct node *n = &p->g->nodes.at[i];
        if (n->dead)
            continue;
        enum ftmrt_layout weight = kernel_facts(kernel_of(p->g, n))->weight;
        for (uint32_t j = 0; j < node_anchor_inputs(n) && weight != FTMRT_LAYOUT_PLAIN; j++)
            if (op_operand(n->op, j) == 'w')
                p->kernel[n->inputs[j].i] = weight;
        if (is_weight_sum(n))
            p->kernel[i] = sum_layout(p, n);
        else if (form_is_weight(&n->type) && weight != FTMRT_LAYOUT_PLAIN)
            p->kernel[i] = weight;
    }
    for (uint32_t i = p->count; i-- > 0;)
        find_operands_of_sum(p, i);
}

static bool set_state(struct state *s, enum ftmrt_layout layout)
{
    if (s->form.layout == layout)
        return false;
    s->form.layout = layout;
    return true;
}

/* How the state lies that an effect writes first. */
static enum ftmrt_layout written_layout(const struct graph *g, const struct node *effect)
{
    return rewrite_state(g, effect->inputs[op_first_written(effect->op)])->form.layout;
}

/* What an effect writes besides its first state lies like it, where it has its shape (slots). */
static bool assign_written(struct graph *g, const struct node *effect)
{
    bool changed = false;
    for (uint32_t i = 0; i < effect->input_count; i++)
        if (op_writes(effect->op, i) && op_operand(effect->op, i) == 't')
            changed |= set_state(rewrite_state(g, effect->inputs[i]), written_layout(g, effect));
    return changed;
}

/* States that a function reads take their layout; a weight that one function convolves with keeps
 * it. */
static bool assign_states(struct pass_context *c, struct graph *g)
{
    bool changed = false;
    struct layout_pass p = {.g = g, .count = g->nodes.len};
    p.kernel = arena_array(c->scratch, enum ftmrt_layout, p.count);
    find_kernels(&p);
    for (uint32_t i = 0; i < p.count; i++) {
        struct state *s = g->nodes.at[i].dead ? NULL : rewrite_state(g, (value_id){i});
        if (s && (s->type.shape.rank != 4 || p.kernel[i] != FTMRT_LAYOUT_PLAIN))
            changed |= set_state(s, form_usual(&s->type, p.kernel[i]).layout);
    }
    for (uint32_t i = 0; i < p.count; i++) {
        const struct node *n = &g->nodes.at[i];
        if (!n->dead && op_info(n->op)->cls == OP_CLASS_EFFECT)
            changed |= assign_written(g, n);
    }
    return changed;
}

/* ---- values ---- */

/* The layout in which nodes take and make a value of this type. */
static enum ftmrt_layout natural_layout(const struct layout_pass *p, value_id v)
{
    const struct type *t = &graph_node(p->g, v)->type;
    const struct state *s = rewrite_state(p->g, v);
    return form_usual(t, s ? s->form.layout : p->kernel[v.i]).layout;
}

/* [N,C] and [N,C,1,1] lie the same way when blocked. */
static bool same_when_blocked(const struct shape *a, const struct shape *b)
{
    if (!shape_batched(a) || !shape_batched(b) || a->rank < 2 || b->rank < 2 ||
        a->dim[1] != b->dim[1])
        return false;
    int64_t pixels_a = a->rank == 4 ? a->dim[2] * a->dim[3] : 1;
    int64_t pixels_b = b->rank == 4 ? b->dim[2] * b->dim[3] : 1;
    bool blocked = (a->rank == 2 || a->rank == 4) && (b->rank == 2 || b->rank == 4);
    return blocked && pixels_a == pixels_b;
}

static enum ftmrt_layout view_layout(const struct layout_pass *p, const struct node *n)
{
    if (n->op == OP_part)
        return form_usual(&n->type, FTMRT_LAYOUT_PLAIN).layout;
    bool blocked = same_when_blocked(&n->type.shape, graph_shape(p->g, n->inputs[0]));
    return blocked && n->type.dtype == FTMRT_F32 ? FTMRT_LAYOUT_BLOCKED : FTMRT_LAYOUT_PLAIN;
}

static enum ftmrt_layout result_layout(const struct layout_pass *p, value_id v)
{
    const struct node *n = graph_node(p->g, v);
    if (n->op == OP_input)
        return FTMRT_LAYOUT_PLAIN;
    if (n->op == OP_relayout)
        return n->attrs->to;
    if (op_info(n->op)->cls == OP_CLASS_EFFECT)
        return written_layout(p->g, n);
    if (op_info(n->op)->cls == OP_CLASS_VIEW && !graph_value_constant(p->g, v))
        return view_layout(p, n);
    return natural_layout(p, v);
}

static enum ftmrt_layout wanted_layout(const struct layout_pass *p, value_id self,
                                       const struct node *n, uint32_t operand)
{
    value_id v = n->inputs[operand];
    if (op_info(n->op)->cls == OP_CLASS_VIEW)
        return view_layout(p, n);
    if (operand < node_anchor_inputs(n) && op_operand(n->op, operand) == 'a')
        return graph_node(p->g, v)->form.layout;
    if (op_info(n->op)->cls == OP_CLASS_EFFECT && op_operand(n->op, operand) == 't')
        return written_layout(p->g, n);
    if (is_weight_sum(n) && graph_shape(p->g, v)->rank == 4)
        return natural_layout(p, self);
    if (p->image[v.i] && kernel_takes_image(p->g, n, operand))
        return FTMRT_LAYOUT_PLAIN;
    if (operand < node_anchor_inputs(n) && op_operand(n->op, operand) == 'w')
        return kernel_wants(p->g, n, operand).layout;
    return natural_layout(p, v);
}

/* ---- relayouts ---- */

/* The value in a layout: itself, or its one copy in that layout. */
static value_id in_layout(struct layout_pass *p, const struct node *like, value_id v,
                          enum ftmrt_layout to)
{
    if (graph_node(p->g, v)->form.layout == to)
        return v;
    value_id *slot = &p->copy[v.i * FTMRT_LAYOUT_COUNT + to];
    if (!value_valid(*slot)) {
        struct attrs a = {.to = to};
        *slot = rewrite_op(p->g, like, OP_relayout, &a, v);
        graph_node(p->g, *slot)->form.layout = to;
        p->changed = true;
    }
    return *slot;
}

/* Inputs of few channels that only kernels read which take the image as it is. */
static void find_images(struct layout_pass *p)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const struct node *n = &p->g->nodes.at[i];
        p->image[i] = n->op == OP_input && n->type.dtype == FTMRT_F32 && n->type.shape.rank == 4 &&
                      n->type.shape.dim[1] < FTMRT_CB;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        const struct node *n = &p->g->nodes.at[i];
        for (uint32_t j = 0; !n->dead && j < n->input_count; j++)
            p->image[n->inputs[j].i] &= kernel_takes_image(p->g, n, j);
    }
    for (uint32_t i = 0; i < p->g->outputs.len; i++)
        p->image[p->g->outputs.at[i].value.i] = false;
}

static void place_node(struct layout_pass *p, value_id v)
{
    struct node n = *graph_node(p->g, v);
    uint32_t count = graph_value_constant(p->g, v) ? 0 : n.input_count;
    enum ftmrt_layout *wanted = arena_array(p->scratch, enum ftmrt_layout, count);
    for (uint32_t j = 0; j < count; j++) /* all before the first operand changes */
        wanted[j] = wanted_layout(p, v, &n, j);
    for (uint32_t j = 0; j < count; j++)
        graph_set_input(p->g, v, j, in_layout(p, &n, n.inputs[j], wanted[j]));
    enum ftmrt_layout layout = result_layout(p, v);
    p->changed |= graph_node(p->g, v)->form.layout != layout;
    graph_node(p->g, v)->form.layout = layout;
}

/* Whether an output can be written where it is computed: a plain result of its own. */
static bool own_plain_result(const struct layout_pass *p, uint32_t output)
{
    value_id v = p->g->outputs.at[output].value;
    const struct node *n = graph_node(p->g, v);
    enum op_class cls = op_info(n->op)->cls;
    if (n->form.layout != FTMRT_LAYOUT_PLAIN || cls == OP_CLASS_LEAF || cls == OP_CLASS_VIEW)
        return false;
    for (uint32_t i = 0; i < output; i++)
        if (value_same(p->g->outputs.at[i].value, v))
            return false;
    return true;
}

static void place_output(struct layout_pass *p, uint32_t output)
{
    if (own_plain_result(p, output))
        return;
    value_id v = p->g->outputs.at[output].value;
    struct node like = *graph_node(p->g, v);
    struct attrs a = {.to = FTMRT_LAYOUT_PLAIN};
    value_id copy = rewrite_op(p->g, &like, OP_relayout, &a, v);
    graph_node(p->g, copy)->form.layout = FTMRT_LAYOUT_PLAIN;
    graph_set_output(p->g, output, copy);
    p->changed = true;
}

static bool place_function(struct pass_context *c, struct graph *g)
{
    graph_sort(g);
    struct layout_pass p = {.g = g, .scratch = c->scratch, .count = g->nodes.len};
    p.image = arena_array(c->scratch, bool, p.count);
    p.kernel = arena_array(c->scratch, enum ftmrt_layout, p.count);
    p.copy = arena_array(c->scratch, value_id, p.count * FTMRT_LAYOUT_COUNT);
    for (uint32_t i = 0; i < p.count * FTMRT_LAYOUT_COUNT; i++)
        p.copy[i] = VALUE_NONE;
    find_kernels(&p);
    find_images(&p);
    for (uint32_t i = 0; i < p.count; i++)
        place_node(&p, (value_id){i});
    for (uint32_t i = 0; i < g->outputs.len; i++)
        place_output(&p, i);
    return p.changed;
}

/* Of activations: [N,C,H,W]. Results of relayouts lie as they are wanted. */
bool property_laid_out(const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    enum op_class cls = op_info(n->op)->cls;
    return (cls != OP_CLASS_ELEMWISE && cls != OP_CLASS_ANCHOR) || n->op == OP_relayout ||
           n->type.shape.rank != 4 || !shape_batched(&n->type.shape) ||
           n->form.layout != FTMRT_LAYOUT_PLAIN;
}

bool pass_layout(struct pass_context *c)
{
    bool changed = false;
    for_functions (c, g)
        changed |= assign_states(c, g);
    for_functions (c, g)
        changed |= place_function(c, g);
    rewrite_done(c, changed);
    return true;
}
