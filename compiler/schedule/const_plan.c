/* Derived constants: what frozen states become in the blob.
 *
 * A maximal constant sub-graph (query.h: CONST ops over constant states) whose root is read at run
 * time is translated to a list of ftmrt_derive instructions. relayout and reshape cost none: they
 * say how the result is stored. Instructions are shared between functions and layers: equal ones
 * are one. The blob's part and the selftest evaluate the same list. */
#include <inttypes.h>
#include <strings.h>

#include "plan.h"
#include "query.h"
#include "str.h"

static const int32_t NO_OPERAND = INT32_MIN;

/* The derivation of an op: the row of derive.def that has its name. */
static enum ftmrt_derive_op derive_op(enum op op)
{
    static const char *const names[] = {
#define FTMRT_DERIVE(name, inputs, meaning) [FTMRT_DERIVE_##name] = #name,
#include "derive.def"
#undef FTMRT_DERIVE
    };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(names[i], op_info(op)->name) == 0)
            return (enum ftmrt_derive_op)i;
    FTM_BUG("no derivation of %s", op_info(op)->name);
}

static void set_shape(struct ftmrt_derive *d, const struct shape *shape)
{
    d->rank = shape->rank;
    for (uint32_t i = 0; i < shape->rank; i++)
        d->dim[i] = shape->dim[i];
}

static bool same_shape(const struct ftmrt_derive *a, const struct ftmrt_derive *b)
{
    if (a->rank != b->rank)
        return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

/* What an instruction computes, and the layout of a copy, as the key of derive_index. */
static const char *key_of(struct schedule *s, const struct ftmrt_derive *d, unsigned layout)
{
    struct strbuf key;
    strbuf_init(&key, s->arena);
    strbuf_addf(&key, "%u %d %d %d %a %a %" PRId64 " %u", (unsigned)d->op, d->in[0], d->in[1],
                d->in[2], d->eps, d->value, d->inner, layout);
    for (uint32_t i = 0; i < d->rank; i++)
        strbuf_addf(&key, " %" PRId64, d->dim[i]);
    return key.text;
}

/* The number of the instruction of a key, which is d unless there is one. */
static int32_t find_or_add(struct schedule *s, const char *key, struct ftmrt_derive d)
{
    uintptr_t found = (uintptr_t)map_get(&s->derive_index, key);
    if (found)
        return (int32_t)found - 1;
    vec_push(s->arena, &s->derives, d);
    map_set(&s->derive_index, key, (void *)(uintptr_t)s->derives.len);
    return (int32_t)s->derives.len - 1;
}

/* The value behind relayouts and views, which change no element. */
static value_id strip(const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    while (n->op == OP_relayout || op_info(n->op)->cls == OP_CLASS_VIEW) {
        v = n->inputs[0];
        n = graph_node(g, v);
    }
    return v;
}

/* Whether a program that trains would compute this at run time, in single precision: from then on its bits are to be those, unless
 * `fold` has put constants together that would stay apart there. */
static bool is_single(const struct schedule *s, const struct ftmrt_derive *d)
{
    bool single = false;
    for (int i = 0; !s->program->folded && i < 3 && d->in[i] != NO_OPERAND; i++)
        single = single || (d->in[i] < 0 ? s->program->states.at[-1 - d->in[i]].learnt
                                         : s->derives.at[d->in[i]].single);
    return single;
}

/* An operand: a state, or the instruction that computes it. */
static int32_t derive(struct schedule *s, const struct graph *g, value_id v)
{
    v = strip(g, v);
    const struct node *n = graph_node(g, v);
    if (n->op == OP_state)
        return -1 - (int32_t)n->attrs->state;
    struct ftmrt_derive d = {
        .op = derive_op(n->op), .in = {NO_OPERAND, NO_OPERAND, NO_OPERAND}, .eps = n->attrs->eps};
    uint32_t count = 0;
    for (uint32_t i = 0; i < n->input_count; i++) {
        const struct node *operand = graph_node(g, n->inputs[i]);
        if (operand->op == OP_constant)
            d.value = operand->attrs->value;
        else
            d.in[count++] = derive(s, g, n->inputs[i]);
    }
    d.single = is_single(s, &d);
    if (op_operand(n->op, 0) == 'm')
        d.inner = graph_shape(g, n->inputs[0])->dim[1];
    set_shape(&d, &n->type.shape);
    return find_or_add(s, key_of(s, &d, FTMRT_LAYOUT_PLAIN), d);
}

static void store(struct schedule *s, struct ftmrt_derive *d, const struct shape *shape,
                  struct form form)
{
    d->stored = 1;
    d->layout = form.layout;
    d->offset = s->constants_size;
    s->constants_size += plan_span(form_bytes(form, shape));
}

/* An instruction whose result is stored in the form: a computation that is not stored yet, or a
 * copy. */
static struct ftmrt_derive *stored_in(struct schedule *s, int32_t from, const struct shape *shape,
                                      struct form form)
{
    struct ftmrt_derive want = {.op = FTMRT_DERIVE_COPY, .in = {from, NO_OPERAND, NO_OPERAND}};
    set_shape(&want, shape);
    if (from >= 0 && same_shape(&s->derives.at[from], &want)) {
        struct ftmrt_derive *d = &s->derives.at[from];
        if (!d->stored)
            store(s, d, shape, form);
        if (d->layout == form.layout)
            return d;
    }
    const int32_t number = find_or_add(s, key_of(s, &want, form.layout), want);
    struct ftmrt_derive *copy = &s->derives.at[number];
    if (!copy->stored)
        store(s, copy, shape, form);
    return copy;
}

struct place plan_constant(struct schedule *s, const struct graph *g, value_id v)
{
    const struct node *n = graph_node(g, v);
    FTM_BUG_ON(n->type.dtype != FTMRT_F32, "constant %%%u is not f32", v.i);
    const struct ftmrt_derive *d = stored_in(s, derive(s, g, v), &n->type.shape, n->form);
    return (struct place){
        .kind = PLACE_BLOB, .offset = d->offset, .bytes = schedule_value_bytes(g, v)};
}
