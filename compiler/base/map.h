/* A hash map from strings to pointers, in an arena; iteration is in order of insertion, so that
 * nothing the compiler writes depends on hashes. Keys are copied. */
#ifndef FTM_BASE_MAP_H
#define FTM_BASE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

struct map_entry {
    const char *key;
    void *value;
};

struct map {
    struct arena *arena;
    struct map_entry *entries; /* in order of insertion */
    uint32_t len, cap;
    uint32_t *slots; /* entry index + 1; 0 is free */
    uint32_t slot_count;
};

void map_init(struct map *m, struct arena *arena);

/* The value of a key, or NULL. */
void *map_get(const struct map *m, const char *key);
bool map_has(const struct map *m, const char *key);

/* Inserts or replaces. */
void map_set(struct map *m, const char *key, void *value);

#endif
