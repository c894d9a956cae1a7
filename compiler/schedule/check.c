/* Checks a schedule without the planner's reasoning: by who writes which bytes when, and by what
 * each kernel takes.
 *
 * For every operand of every call that lies in the arena: no call after the one that made it, up
 * to and including this one, writes any of its bytes. The exception is an element-wise call that
 * writes exactly over its first operand. States are written by effects only, after their last
 * reader. Constants do not overlap. Quadratic in the calls: for debug builds and tests. */
#include "facts.h"
#include "plan.h"

#include <inttypes.h>
#include <stdio.h>

struct check {
    const struct schedule *s;
    const struct schedule_function *f;
    char *text;
    unsigned size;
};

static bool overlap(const struct place *a, const struct place *b)
{
    if (a->kind != PLACE_WORKSPACE || b->kind != PLACE_WORKSPACE)
        return false;
    return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

static bool fail(const struct check *c, uint32_t reader, uint32_t writer, const char *rule)
{
    snprintf(c->text, c->size, "%s: call %" PRIu32 " (%s) and call %" PRIu32 " (%s): %s",
             c->f->graph->name, reader, c->s->kernels.at[c->f->calls.at[reader].kernel].name,
             writer, c->s->kernels.at[c->f->calls.at[writer].kernel].name, rule);
    return false;
}

static const struct node *call_node(const struct check *c, uint32_t call)
{
    return graph_node(c->f->graph, c->f->calls.at[call].node);
}

/* The call that made what lies behind views, or -1 for a leaf or a constant. */
static int64_t maker(const struct check *c, value_id v)
{
    const struct graph *g = c->f->graph;
    while (op_info(graph_node(g, v)->op)->cls == OP_CLASS_VIEW)
        v = graph_node(g, v)->inputs[0];
    for (uint32_t i = 0; i < c->f->calls.len; i++)
        if (value_same(c->f->calls.at[i].node, v))
            return (int64_t)i;
    return -1;
}

/* Whether a call writes into a place: by its result, its scratch, or the states of an effect. */
static bool writes(const struct check *c, uint32_t call, const struct place *place)
{
    const struct call *w = &c->f->calls.at[call];
    const struct node *n = call_node(c, call);
    if (overlap(&w->out, place) || overlap(&w->scratch, place))
        return true;
    if (op_info(n->op)->cls != OP_CLASS_EFFECT)
        return false;
    for (uint32_t i = 0; i < n->input_count; i++)
        if (graph_node(c->f->graph, n->inputs[i])->op == OP_state && overlap(&w->in[i], place))
            return true;
    return false;
}

static bool writes_over_itself(const struct check *c, uint32_t call, uint32_t operand)
{
    const struct call *w = &c->f->calls.at[call];
    const struct node *n = call_node(c, call);
    if (op_info(n->op)->cls == OP_CLASS_EFFECT)
        return graph_node(c->f->graph, n->inputs[operand])->op == OP_state;
    bool first = operand == 0 || value_same(n->inputs[operand], n->inputs[0]);
    return first && op_info(n->op)->cls == OP_CLASS_ELEMWISE &&
           w->out.offset == w->in[operand].offset && w->out.bytes == w->in[operand].bytes &&
           !overlap(&w->scratch, &w->in[operand]);
}

static bool check_operand(const struct check *c, uint32_t call, uint32_t operand)
{
    const struct place *place = &c->f->calls.at[call].in[operand];
    if (place->kind != PLACE_WORKSPACE)
        return true;
    int64_t made = maker(c, call_node(c, call)->inputs[operand]);
    if (made >= (int64_t)call)
        return fail(c, call, (uint32_t)made, "an operand is read before it is made");
    for (uint32_t w = (uint32_t)(made + 1); w < call; w++)
        if (writes(c, w, place))
            return fail(c, call, w, "an operand is overwritten before it is read");
    if (writes(c, call, place) && !writes_over_itself(c, call, operand))
        return fail(c, call, call, "an operand is overwritten while it is read");
    return true;
}

static bool check_call(const struct check *c, uint32_t call)
{
    const struct call *k = &c->f->calls.at[call];
    uint64_t states = c->s->states_size, arena_end = states + c->s->arena_size;
    if (k->out.kind == PLACE_WORKSPACE &&
        (k->out.offset < states || k->out.offset + k->out.bytes > arena_end))
        return fail(c, call, call, "the result lies outside the arena");
    if (k->out.kind == PLACE_WORKSPACE && k->out.offset % PLAN_ALIGN != 0)
        return fail(c, call, call, "the result is not aligned");
    if (k->scratch.bytes && (k->scratch.offset < arena_end ||
                             k->scratch.offset + k->scratch.bytes > c->s->workspace_size))
        return fail(c, call, call, "the scratch lies outside its block");
    for (uint32_t i = 0; i < call_node(c, call)->input_count; i++)
        if (!check_operand(c, call, i))
            return false;
    return true;
}

/* ---- layouts ---- */

static struct form form_of(const struct graph *g, value_id v) { return graph_node(g, v)->form; }

/* Operands of an effect that are of its parameter's shape lie like it. */
static bool update_layouts(const struct graph *g, const struct node *n)
{
    enum ftmrt_layout written = form_of(g, n->inputs[op_first_written(n->op)]).layout;
    for (uint32_t i = 0; i < n->input_count; i++)
        if (op_operand(n->op, i) == 't' && form_of(g, n->inputs[i]).layout != written)
            return false;
    return true;
}

/* Sums of gradients of one weight, and computed weights: packed, all alike. */
static bool weight_layouts(const struct graph *g, const struct node *n)
{
    bool good = n->form.layout == FTMRT_LAYOUT_CONV || n->form.layout == FTMRT_LAYOUT_DEPTHWISE;
    for (uint32_t i = 0; i < n->input_count; i++)
        good = good && (graph_shape(g, n->inputs[i])->rank == 0 ||
                        form_equal(form_of(g, n->inputs[i]), n->form));
    return good;
}

/* As the kernel wants it, or an input image of fewer channels than a block, as it is. */
static bool operand_layout(const struct graph *g, const struct node *n, uint32_t operand)
{
    const struct node *x = graph_node(g, n->inputs[operand]);
    bool image = x->op == OP_input && x->form.layout == FTMRT_LAYOUT_PLAIN &&
                 x->type.shape.dim[1] < FTMRT_CB;
    return (image && kernel_takes_image(g, n, operand)) ||
           form_equal(x->form, kernel_wants(g, n, operand));
}

static bool kernel_layouts(const struct graph *g, const struct node *n)
{
    for (uint32_t i = 0; i < n->input_count; i++)
        if (!operand_layout(g, n, i))
            return false;
    return form_equal(n->form, kernel_gives(g, n));
}

static bool check_layouts(const struct check *c, uint32_t call)
{
    const struct graph *g = c->f->graph;
    const struct node *n = call_node(c, call);
    const struct kernel_facts *facts = kernel_facts(kernel_of(g, n));
    if (facts->applies && !facts->applies(g, n))
        return fail(c, call, call, "the kernel cannot compute this");
    if (n->step_count && !facts->takes_steps)
        return fail(c, call, call, "the kernel takes no steps");
    if (n->op == OP_relayout)
        return n->form.layout == n->attrs->to ||
               fail(c, call, call, "the result is not in the layout it asks for");
    if (op_info(n->op)->cls == OP_CLASS_EFFECT)
        return update_layouts(g, n) ||
               fail(c, call, call, "gradient, parameter and slot lie differently");
    bool sum = op_info(n->op)->cls == OP_CLASS_ELEMWISE && form_is_weight(&n->type);
    return (sum ? weight_layouts(g, n) : kernel_layouts(g, n)) ||
           fail(c, call, call, "an operand or the result is in the wrong layout");
}

static bool check_constants(const struct schedule *s, char *text, unsigned size)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < s->derives.len; i++) {
        const struct ftmrt_derive *d = &s->derives.at[i];
        for (int j = 0; j < 3; j++)
            if (d->in[j] >= (int32_t)i) {
                snprintf(text, size, "derivation %" PRIu32 " reads a later one", i);
                return false;
            }
        const struct shape shape = shape_make(d->rank, d->dim);
        if (d->stored)
            end += plan_span(form_bytes((struct form){d->layout, FTMRT_F32}, &shape));
    }
    if (end == s->constants_size)
        return true;
    snprintf(text, size,
             "derived constants overlap or leave gaps: %" PRIu64 " of %" PRIu64 " bytes", end,
             s->constants_size);
    return false;
}

bool schedule_check(const struct schedule *s, char *text, unsigned size)
{
    for (uint32_t f = 0; f < s->functions.len; f++) {
        struct check c = {.s = s, .f = &s->functions.at[f], .text = text, .size = size};
        for (uint32_t i = 0; i < c.f->calls.len; i++)
            if (!check_call(&c, i) || !check_layouts(&c, i))
                return false;
    }
    return check_constants(s, text, size);
}
