/* Attributes, each set once per program: a hash table over the fields.
 *
 * Fields are hashed and compared one by one, since struct attrs has padding; numbers bit by bit, so
 * that 0 and -0 differ and a NaN equals itself. */
#include <string.h>

#include "graph.h"
#include "op.h"

static bool strings_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool attrs_equal(const struct attrs *a, const struct attrs *b)
{
#define FTM_ATTR_INT(name)                                                                         \
    if (a->name != b->name)                                                                        \
        return false;
#define FTM_ATTR_INT2(name)                                                                        \
    if (memcmp(&a->name, &b->name, sizeof a->name) != 0)                                           \
        return false;
#define FTM_ATTR_INT4(name)  FTM_ATTR_INT2(name)
#define FTM_ATTR_FLOAT(name) FTM_ATTR_INT2(name)
#define FTM_ATTR_BOOL(name)  FTM_ATTR_INT(name)
#define FTM_ATTR_STRING(name)                                                                      \
    if (!strings_equal(a->name, b->name))                                                          \
        return false;
#define FTM_ATTR_SHAPE(name)                                                                       \
    if (!shape_equal(&a->name, &b->name))                                                          \
        return false;
#define FTM_ATTR_LAYOUT(name) FTM_ATTR_INT(name)
#define FTM_ATTR_ROLE(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STATE(name)  FTM_ATTR_INT(name)
#include "attrs.def"
    return true;
}

/* FNV-1a. */
static uint32_t add_bytes(uint32_t h, const void *bytes, size_t size)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < size; i++)
        h = (h ^ b[i]) * 16777619U;
    return h;
}

static uint32_t attrs_hash(const struct attrs *a)
{
    uint32_t h = 2166136261U;
#define FTM_ATTR_INT(name)    h = add_bytes(h, &a->name, sizeof a->name);
#define FTM_ATTR_INT2(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_INT4(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_FLOAT(name)  FTM_ATTR_INT(name)
#define FTM_ATTR_BOOL(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STRING(name) h = add_bytes(h, a->name, a->name ? strlen(a->name) : 0);
#define FTM_ATTR_SHAPE(name)  h = add_bytes(h, a->name.dim, a->name.rank * sizeof a->name.dim[0]);
#define FTM_ATTR_LAYOUT(name) FTM_ATTR_INT(name)
#define FTM_ATTR_ROLE(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STATE(name)  FTM_ATTR_INT(name)
#include "attrs.def"
    return h ^ h >> 15;
}

/* The attributes that op has; the others are zero. */
static struct attrs own_attrs(enum op op, const struct attrs *a)
{
    uint64_t has = op_info(op)->attrs;
    struct attrs own = {0};
#define FTM_ATTR_INT(name)                                                                         \
    if (has >> ATTR_INDEX_##name & 1U)                                                             \
        memcpy(&own.name, &a->name, sizeof own.name);
#define FTM_ATTR_INT2(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_INT4(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_FLOAT(name)  FTM_ATTR_INT(name)
#define FTM_ATTR_BOOL(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STRING(name) FTM_ATTR_INT(name)
#define FTM_ATTR_SHAPE(name)  FTM_ATTR_INT(name)
#define FTM_ATTR_LAYOUT(name) FTM_ATTR_INT(name)
#define FTM_ATTR_ROLE(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STATE(name)  FTM_ATTR_INT(name)
#include "attrs.def"
    return own;
}

static uint32_t *find_slot(const struct attrs_table *t, const struct attrs *a)
{
    uint32_t i = attrs_hash(a) & (t->slot_count - 1);
    while (t->slots[i] && !attrs_equal(t->all.at[t->slots[i] - 1], a))
        i = (i + 1) & (t->slot_count - 1);
    return &t->slots[i];
}

/* Keeps the table at most half full. */
static void make_room(struct program *p)
{
    struct attrs_table *t = &p->attrs;
    if (2 * (t->all.len + 1) <= t->slot_count)
        return;
    t->slot_count = t->slot_count ? 2 * t->slot_count : 64;
    t->slots = arena_array(p->arena, uint32_t, t->slot_count);
    for (uint32_t i = 0; i < t->all.len; i++)
        *find_slot(t, t->all.at[i]) = i + 1;
}

const struct attrs *program_attrs(struct program *p, enum op op, const struct attrs *a)
{
    struct attrs_table *t = &p->attrs;
    struct attrs own = {0};
    if (a)
        own = own_attrs(op, a);
    make_room(p);
    uint32_t *slot = find_slot(t, &own);
    if (!*slot) {
        struct attrs *kept = arena_new(p->arena, struct attrs);
        *kept = own;
        vec_push(p->arena, &t->all, kept);
        *slot = t->all.len;
    }
    return t->all.at[*slot - 1];
}
