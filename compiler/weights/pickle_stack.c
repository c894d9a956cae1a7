/* The stack of the pickle machine, and the values on it. */
#include "pickle_stack.h"

#include <string.h>

bool pickle_fail(struct machine *m, const char *why)
{
    if (!m->out->error) {
        m->out->error = why;
        m->out->error_at = m->at;
    }
    return false;
}

struct pickle_value *pickle_new(struct machine *m, enum pickle_kind kind)
{
    struct pickle_value *v = arena_new(m->arena, struct pickle_value);
    v->kind = kind;
    return v;
}

bool pickle_push(struct machine *m, struct pickle_value *v)
{
    vec_push(m->arena, &m->stack, v);
    return true;
}

uint32_t pickle_available(const struct machine *m)
{
    return m->stack.len - (m->marks.len ? m->marks.at[m->marks.len - 1] : 0);
}

struct pickle_value *pickle_top(struct machine *m)
{
    if (pickle_available(m) == 0) {
        pickle_fail(m, "an opcode finds the stack empty");
        return NULL;
    }
    return m->stack.at[m->stack.len - 1];
}

struct pickle_value *pickle_pop(struct machine *m)
{
    struct pickle_value *v = pickle_top(m);
    if (v)
        m->stack.len--;
    return v;
}

bool pickle_pop_mark(struct machine *m, uint32_t *first)
{
    if (m->marks.len == 0)
        return pickle_fail(m, "an opcode finds no mark");
    *first = m->marks.at[--m->marks.len];
    return true;
}

struct pickle_value *pickle_collect(struct machine *m, enum pickle_kind kind, uint32_t first)
{
    struct pickle_value *v = pickle_new(m, kind);
    const uint32_t count = m->stack.len - first;
    if (count) {
        v->items.at = arena_array(m->arena, struct pickle_value *, count);
        v->items.len = v->items.cap = count;
        memcpy(v->items.at, m->stack.at + first, count * sizeof *v->items.at);
    }
    m->stack.len = first;
    return v;
}

bool pickle_collect_marked(struct machine *m, enum pickle_kind kind)
{
    uint32_t first;
    return pickle_pop_mark(m, &first) && pickle_push(m, pickle_collect(m, kind, first));
}

bool pickle_collect_tuple(struct machine *m, uint32_t count)
{
    if (pickle_available(m) < count)
        return pickle_fail(m, "a tuple takes more values than there are");
    return pickle_push(m, pickle_collect(m, PICKLE_TUPLE, m->stack.len - count));
}
