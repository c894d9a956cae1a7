/* Open addressing with linear probing over indices into the entry array; at most half of the slots
 * are in use. */
#include "map.h"

#include <string.h>

static uint32_t hash_of(const char *key)
{
    uint32_t h = 2166136261U; /* FNV-1a */
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * 16777619U;
    return h;
}

/* The slot of a key, or the free slot where it belongs. */
static uint32_t *slot_of(const struct map *m, const char *key)
{
    uint32_t mask = m->slot_count - 1;
    for (uint32_t i = hash_of(key) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &m->slots[i];
        if (*slot == 0 || strcmp(m->entries[*slot - 1].key, key) == 0)
            return slot;
    }
}

static void grow(struct map *m)
{
    uint32_t cap = m->cap ? 2 * m->cap : 16;
    m->entries =
        arena_grow(m->arena, m->entries, m->cap * sizeof *m->entries, cap * sizeof *m->entries);
    m->cap = cap;
    m->slot_count = 2 * cap;
    m->slots = arena_array(m->arena, uint32_t, m->slot_count);
    for (uint32_t i = 0; i < m->len; i++)
        *slot_of(m, m->entries[i].key) = i + 1;
}

void map_init(struct map *m, struct arena *arena) { *m = (struct map){.arena = arena}; }

static struct map_entry *find(const struct map *m, const char *key)
{
    if (m->slot_count == 0)
        return NULL;
    uint32_t slot = *slot_of(m, key);
    return slot ? &m->entries[slot - 1] : NULL;
}

void *map_get(const struct map *m, const char *key)
{
    const struct map_entry *e = find(m, key);
    return e ? e->value : NULL;
}

bool map_has(const struct map *m, const char *key) { return find(m, key) != NULL; }

void map_set(struct map *m, const char *key, void *value)
{
    struct map_entry *e = find(m, key);
    if (e) {
        e->value = value;
        return;
    }
    if (!m->entries || m->len == m->cap)
        grow(m);
    m->entries[m->len++] = (struct map_entry){arena_strdup(m->arena, key), value};
    *slot_of(m, key) = m->len;
}
