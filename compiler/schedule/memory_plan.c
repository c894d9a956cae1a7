/* Memory of one function: where every operand and result lies.
 *
 *   1. storages   each call's result gets a storage; leaves, constants and outputs lie in fixed
 *                 places; a view lies in its operand's storage, at an offset
 *   2. lifetimes  a storage lives from the call that writes it to the last call that reads it
 *   3. in place   an element-wise call whose first operand dies in it writes over that operand:
 *                 every position is read before it is written, and only there
 *   4. placement  largest first, each at the lowest offset where it meets no storage that is alive
 *                 at the same time (first fit by size: Pisarchyk and Lee, "Efficient Memory
 *                 Management for Deep Neural Net Inference", 2020)
 *
 * Starts of large storages are staggered: each begins at its own odd cache line modulo the page,
 * so that walking several in step does not hit the same cache sets. Nothing depends on addresses
 * or hashes: same program, same plan. */
#include "plan.h"
#include "query.h"

#include <stdlib.h>

enum { NO_STORAGE = -1 };

struct storage {
    struct place fixed; /* kind PLACE_NONE: in the arena */
    uint64_t bytes;
    uint32_t first, last; /* calls */
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
    return &p->storages.at[i];
}

static int32_t add_storage(struct planner *p, struct storage s)
{
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
        FTM_BUG("%s: the constant %%%u is still needed at run time", p->g->name, v.i);
    }
    return place;
}

static int32_t output_index(const struct graph *g, value_id v)
{
    for (uint32_t i = 0; i < g->outputs.len; i++)
        if (value_same(g->outputs.at[i].value, v))
            return (int32_t)i;
    return -1;
}

/* Bytes from the start of its operand at which a view begins. */
static uint64_t view_offset(const struct graph *g, const struct node *view)
{
    if (view->op != OP_stat_row)
        return 0;
    const struct node *from = graph_node(g, view->inputs[0]);
    uint64_t all = schedule_value_bytes(g, view->inputs[0]);
    return (uint64_t)view->attrs->row * (all / (uint64_t)from->type.shape.dim[0]);
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
        from.offset != 0 || s->bytes != r->bytes || x->layout != n->layout ||
        !type_equal(&x->type, &n->type))
        return false;
    for (uint32_t i = 1; i < n->input_count; i++)
        if (p->at[n->inputs[i].i].storage == from.storage &&
            !value_same(n->inputs[i], n->inputs[0]))
            return false;
    return true;
}

static void move_values(struct planner *p, int32_t from, int32_t to)
{
    for (uint32_t i = 0; i < p->g->nodes.len; i++)
        if (p->at[i].storage == from)
            p->at[i].storage = to;
}

static void share_in_place(struct planner *p)
{
    for (uint32_t c = 0; c < p->f->calls.len; c++) {
        if (!in_place(p, c))
            continue;
        const struct node *n = graph_node(p->g, p->f->calls.at[c].node);
        int32_t to = p->at[n->inputs[0].i].storage, from = p->at[p->f->calls.at[c].node.i].storage;
        storage_at(p, to)->last = storage_at(p, from)->last;
        storage_at(p, from)->bytes = 0;
        move_values(p, from, to);
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

/* The first offset >= at where a storage of this rank may begin. */
static uint64_t stagger(uint64_t at, uint64_t bytes, uint32_t rank)
{
    at = plan_align(at);
    if (bytes < PLAN_PAGE)
        return at;
    uint64_t line = (rank * 14U + 1U) % (PLAN_PAGE / PLAN_ALIGN);
    uint64_t want = line * PLAN_ALIGN;
    return at + (want + PLAN_PAGE - at % PLAN_PAGE) % PLAN_PAGE;
}

static bool alive_together(const struct storage *a, const struct storage *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset at which the storage meets none of those placed before it. */
static uint64_t first_fit(struct storage *const *order, uint32_t rank)
{
    const struct storage *s = order[rank];
    uint64_t at = stagger(0, s->bytes, rank);
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < rank; i++) {
            const struct storage *o = order[i];
            if (!alive_together(s, o) || at >= o->offset + o->bytes || o->offset >= at + s->bytes)
                continue;
            at = stagger(o->offset + o->bytes, s->bytes, rank);
            moved = true;
        }
    }
    return at;
}

static void place_storages(struct planner *p)
{
    struct storage **order = arena_array(p->scratch, struct storage *, p->storages.len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->storages.len; i++)
        if (p->storages.at[i].fixed.kind == PLACE_NONE && p->storages.at[i].bytes)
            order[count++] = &p->storages.at[i];
    qsort(order, count, sizeof(order[0]), by_size);
    for (uint32_t i = 0; i < count; i++) {
        order[i]->offset = first_fit(order, i);
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
        call->scratch.bytes = schedule_scratch(p->g, n);
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
