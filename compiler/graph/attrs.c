/* Attributes, each set once per program: a hash table over the fields.
 *
 * Fields are hashed and compared one by one, since struct attrs has padding; numbers bit by bit, so
 * that 0 and -0 differ and a NaN equals itself. */
#include <stddef.h>
#include <string.h>

#include "graph.h"
#include "op.h"

static bool strings_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool lists_equal(const struct int_list *a, const struct int_list *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->at, b->at, a->count * sizeof *a->at) == 0);
}

static bool attrs_equal(const struct attrs *a, const struct attrs *b)
{
    bool same = true;
#define FTM_ATTR_INT(name)    same = same && a->name == b->name;
#define FTM_ATTR_INT2(name)   same = same && memcmp(&a->name, &b->name, sizeof a->name) == 0;
#define FTM_ATTR_INT4(name)   FTM_ATTR_INT2(name)
#define FTM_ATTR_LIST(name)   same = same && lists_equal(&a->name, &b->name);
#define FTM_ATTR_FLOAT(name)  FTM_ATTR_INT2(name)
#define FTM_ATTR_FLOAT2(name) FTM_ATTR_INT2(name)
#define FTM_ATTR_BOOL(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STRING(name) same = same && strings_equal(a->name, b->name);
#define FTM_ATTR_SHAPE(name)  same = same && shape_equal(&a->name, &b->name);
#define FTM_ATTR_LAYOUT(name) FTM_ATTR_INT(name)
#define FTM_ATTR_ROLE(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STATE(name)  FTM_ATTR_INT(name)
#include "attrs.def"
    return same;
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
#define FTM_ATTR_FLOAT2(name) FTM_ATTR_INT(name)
#define FTM_ATTR_BOOL(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_LIST(name)   h = add_bytes(h, a->name.at, a->name.count * sizeof *a->name.at);
#define FTM_ATTR_STRING(name) h = add_bytes(h, a->name, a->name ? strlen(a->name) : 0);
#define FTM_ATTR_SHAPE(name)  h = add_bytes(h, a->name.dim, a->name.rank * sizeof a->name.dim[0]);
#define FTM_ATTR_LAYOUT(name) FTM_ATTR_INT(name)
#define FTM_ATTR_ROLE(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STATE(name)  FTM_ATTR_INT(name)
#include "attrs.def"
    return h ^ h >> 15;
}

/* Where each attribute lies in struct attrs. */
static const struct {
    size_t offset, size;
} fields[ATTR_INDEX_COUNT] = {
#define FTM_ATTR_INT(name)                                                                         \
    [ATTR_INDEX_##name] = {offsetof(struct attrs, name), sizeof((struct attrs *)NULL)->name},
#define FTM_ATTR_INT2(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_INT4(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_LIST(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_FLOAT(name)  FTM_ATTR_INT(name)
#define FTM_ATTR_FLOAT2(name) FTM_ATTR_INT(name)
#define FTM_ATTR_BOOL(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STRING(name) FTM_ATTR_INT(name)
#define FTM_ATTR_SHAPE(name)  FTM_ATTR_INT(name)
#define FTM_ATTR_LAYOUT(name) FTM_ATTR_INT(name)
#define FTM_ATTR_ROLE(name)   FTM_ATTR_INT(name)
#define FTM_ATTR_STATE(name)  FTM_ATTR_INT(name)
#include "attrs.def"
};

/* The attributes that op has; the others are zero. */
static struct attrs own_attrs(enum op op, const struct attrs *a)
{
    uint64_t has = op_info(op)->attrs;
    struct attrs own = {0};
    for (int i = 0; i < ATTR_INDEX_COUNT; i++)
        if (has >> i & 1U)
            memcpy((char *)&own + fields[i].offset, (const char *)a + fields[i].offset,
                   fields[i].size);
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
