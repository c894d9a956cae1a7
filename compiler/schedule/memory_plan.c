/* Memory of one function: where every operand and result lies.
 *
 *   1. storages   each call's result gets a storage; leaves, constants and outputs lie in fixed
 *                 places; a view lies in its operand's storage, at an offset
 *   2. lifetimes  a storage lives from the call that writes it to the last call that reads it
 *   3. in place   an element-wise call whose first operand dies in it writes over that operand:
 *                 every position is read before it is written, and only there
 *   4. placement  largest first, each at the lowest offset where it meets no storage that is alive
 *                 at the same time (first_fit.h; by size: Pisarchyk and Lee, "Efficient Memory
 *                 Management for Deep Neural Net Inference", 2020)
 *
 * Nothing depends on addresses or hashes: same program, same plan. */
#include "facts.h"
#include "first_fit.h"
#include "plan.h"
#include "query.h"

#include <stdlib.h>

enum { NO_STORAGE = -1 };

struct storage {
    struct place fixed; /* kind PLACE_NONE: in the arena */
    uint64_t bytes;
    uint32_t first, last; /* calls */
    int32_t joined;       /* the storage whose bytes these are, or NO_STORAGE */
    uint64_t offset;      /* in the arena, once placed */
};

/* Where a value lies. */
struct location {
    int32_t storage;
    uint64_t offset;
};

struct planner {
    struct schedule *s;
    struct arena *scratch;
    struct schedule_function *f;
    const struct graph *g;
    VEC(struct storage) storages;
    struct location *at; /* by value */
};

/* ---- storages ---- */

static struct storage *storage_at(const struct planner *p, int32_t i)
{
    FTM_BUG_ON(!p->storages.at || i < 0 || (uint32_t)i >= p->storages.len, "no storage %d", i);
    struct storage *s = &p->storages.at[i];
    while (s->joined != NO_STORAGE)
        s = &p->storages.at[s->joined];
    return s;
}

static int32_t add_storage(struct planner *p, struct storage s)
{
    s.joined = NO_STORAGE;
    vec_push(p->scratch, &p->storages, s);
    return (int32_t)p->storages.len - 1;
}

static uint32_t input_index(const struct graph *g, value_id v)
{
    uint32_t index = 0;
    for (uint32_t i = 0; i < v.i; i++)
        index += g->nodes.at[i].op == OP_input && !g->nodes.at[i].dead;
    return index;
}

static struct place leaf_place(struct planner *p, value_id v)
{
    const struct node *n = graph_node(p->g, v);
    struct place place = {.bytes = schedule_value_bytes(p->g, v)};
    if (n->op == OP_input) {
        place.kind = PLACE_INPUT;
        place.offset = input_index(p->g, v);
    } else if (n->op == OP_state) {
        place.kind = PLACE_WORKSPACE;
        place.offset = p->s->state_offset[n->attrs->state];
    } else {
        place.kind = PLACE_IMMEDIATE;
    }
    return place;
}

static int32_t output_index(const struct graph *g, value_id v)
{
    int32_t first = -1;
    for_uses(g, v, u) if (u->user == USE_OUTPUT && (first < 0 || (int32_t)u->operand < first))
        first = (int32_t)u->operand;
    return first;
}

/* Bytes from the start of its operand at which a view begins. */
static uint64_t view_offset(const struct graph *g, const struct node *view)
{
    if (view->op != OP_part)
        return 0;
    return form_part_offset(g, graph_node(g, view->inputs[0]), (uint32_t)view->attrs->index);
}

/* Where a value that a call reads lies; makes the storage of leaves and constants at their first
 * use. */
static struct location locate(struct planner *p, value_id v)
{
    struct location *at = &p->at[v.i];
    if (at->storage != NO_STORAGE)
        return *at;
    const struct node *n = graph_node(p->g, v);
    if (graph_value_constant(p->g, v)) {
        at->storage = add_storage(p, (struct storage){.fixed = plan_constant(p->s, p->g, v)});
    } else if (op_info(n->op)->cls == OP_CLASS_VIEW) {
        *at = locate(p, n->inputs[0]);
        at->offset += view_offset(p->g, n);
    } else {
        FTM_BUG_ON(op_info(n->op)->cls != OP_CLASS_LEAF, "%s: %%%u is read before it is made",
                   p->g->name, v.i);
        at->storage = add_storage(p, (struct storage){.fixed = leaf_place(p, v)});
    }
    return *at;
}

static void make_result(struct planner *p, value_id v, uint32_t call)
{
    struct storage s = {.bytes = schedule_value_bytes(p->g, v), .first = call, .last = call};
    int32_t output = output_index(p->g, v);
    if (output >= 0)
        s.fixed =
            (struct place){.kind = PLACE_OUTPUT, .offset = (uint64_t)output, .bytes = s.bytes};
    p->at[v.i] = (struct location){.storage = add_storage(p, s)};
}

static void find_storages(struct planner *p)
{
    for (uint32_t c = 0; c < p->f->calls.len; c++) {
        value_id v = p->f->calls.at[c].node;
        const struct node *n = graph_node(p->g, v);
        for (uint32_t i = 0; i < n->input_count; i++) {
            int32_t storage = locate(p, n->inputs[i]).storage;
            storage_at(p, storage)->last = c;
            FTM_BUG_ON(storage_at(p, storage)->fixed.kind == PLACE_IMMEDIATE &&
                           !kernel_takes_constant(p->g, n, i),
                       "%s: the constant %%%u is still needed in memory", p->g->name,
                       n->inputs[i].i);
        }
        if (op_info(n->op)->cls != OP_CLASS_EFFECT)
            make_result(p, v, c);
    }
}

/* ---- in place ---- */

static bool in_place(const struct planner *p, uint32_t c)
{
    value_id v = p->f->calls.at[c].node;
    const struct node *n = graph_node(p->g, v);
    if (op_info(n->op)->cls != OP_CLASS_ELEMWISE)
        return false;
    const struct node *x = graph_node(p->g, n->inputs[0]);
    struct location from = p->at[n->inputs[0].i], to = p->at[v.i];
    const struct storage *s = storage_at(p, from.storage), *r = storage_at(p, to.storage);
    if (s->fixed.kind != PLACE_NONE || r->fixed.kind != PLACE_NONE || s->last != c ||
        from.offset != 0 || s->bytes != r->bytes || !form_equal(x->form, n->form) ||
        !type_equal(&x->type, &n->type))
        return false;
    for (uint32_t i = 1; i < n->input_count; i++)
        if (storage_at(p, p->at[n->inputs[i].i].storage) == s &&
            !value_same(n->inputs[i], n->inputs[0]))
            return false;
    return true;
}

static void share_in_place(struct planner *p)
{
    for (uint32_t c = 0; c < p->f->calls.len; c++) {
        if (!in_place(p, c))
            continue;
        const struct node *n = graph_node(p->g, p->f->calls.at[c].node);
        struct storage *to = storage_at(p, p->at[n->inputs[0].i].storage),
                       *from = storage_at(p, p->at[p->f->calls.at[c].node.i].storage);
        to->last = from->last;
        from->bytes = 0;
        FTM_BUG_ON(!p->storages.at, "a call without storage");
        from->joined = (int32_t)(to - p->storages.at);
    }
}

/* ---- placement ---- */

/* Larger first, then earlier; storages of one call never tie, so the order is total. */
static int by_size(const void *a, const void *b)
{
    const struct storage *x = *(struct storage *const *)a, *y = *(struct storage *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

static void place_storages(struct planner *p)
{
    struct storage **order = arena_array(p->scratch, struct storage *, p->storages.len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->storages.len; i++)
        if (p->storages.at[i].fixed.kind == PLACE_NONE && p->storages.at[i].bytes)
            order[count++] = &p->storages.at[i];
    qsort(order, count, sizeof(order[0]), by_size);
    struct first_fit fit;
    first_fit_init(&fit, p->scratch);
    for (uint32_t i = 0; i < count; i++) {
        order[i]->offset = first_fit_place(&fit, order[i]->bytes, order[i]->first, order[i]->last);
        uint64_t end = plan_align(order[i]->offset + order[i]->bytes);
        if (end > p->s->arena_size)
            p->s->arena_size = end;
    }
}

/* ---- the calls' places ---- */

static struct place place_of(const struct planner *p, value_id v)
{
    struct location at = p->at[v.i];
    const struct storage *s = storage_at(p, at.storage);
    struct place place = s->fixed;
    if (place.kind == PLACE_NONE) {
        place.kind = PLACE_WORKSPACE;
        place.offset = p->s->states_size + s->offset;
    }
    FTM_BUG_ON(at.offset && place.kind != PLACE_WORKSPACE && place.kind != PLACE_BLOB,
               "%s: %%%u is a part of the caller's memory", p->g->name, v.i);
    place.offset += at.offset;
    place.bytes = schedule_value_bytes(p->g, v);
    return place;
}

static void fill_places(struct planner *p)
{
    for (uint32_t c = 0; c < p->f->calls.len; c++) {
        struct call *call = &p->f->calls.at[c];
        const struct node *n = graph_node(p->g, call->node);
        call->in = arena_array(p->s->arena, struct place, n->input_count);
        for (uint32_t i = 0; i < n->input_count; i++)
            call->in[i] = place_of(p, n->inputs[i]);
        if (op_info(n->op)->cls != OP_CLASS_EFFECT)
            call->out = place_of(p, call->node);
        call->scratch.bytes = kernel_scratch_bytes(p->g, n);
    }
}

void plan_memory(struct schedule *s, struct arena *scratch, struct schedule_function *f)
{
    struct planner p = {.s = s, .scratch = scratch, .f = f, .g = f->graph};
    p.at = arena_array(scratch, struct location, f->graph->nodes.len);
    for (uint32_t i = 0; i < f->graph->nodes.len; i++)
        p.at[i].storage = NO_STORAGE;
    find_storages(&p);
    share_in_place(&p);
    place_storages(&p);
    fill_places(&p);
}
