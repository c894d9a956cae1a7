#include "picture_cache.h"

#include <stdlib.h>
#include <string.h>

#include "kept_table.h"
#include "report.h"

enum { OVERHEAD = 64 /* bytes of a picture beside its pixels, at most */ };

struct kept {
    struct ftmrt_picture picture; /* its pixels are behind it */
    unsigned char pixels[];
};

struct picture_table {
    struct kept_table table; /* of struct kept */
    uint32_t steps;
    struct picture_cache *cache;
};

struct picture_cache {
    _Atomic int64_t left; /* bytes */
    _Atomic bool full;    /* a picture was refused */
    int table_count;
    struct picture_table tables[KEPT_TABLES];
};

struct picture_cache *picture_cache_open(int64_t bytes)
{
    if (bytes <= 0)
        return NULL;
    struct picture_cache *c = app_alloc(1, sizeof *c);
    atomic_init(&c->left, bytes);
    return c;
}

bool picture_cache_take(struct picture_cache *c, int64_t bytes)
{
    if (!c)
        return false;
    if (atomic_fetch_sub(&c->left, bytes) >= bytes)
        return true;
    atomic_fetch_add(&c->left, bytes);
    atomic_store(&c->full, true);
    return false;
}

bool picture_cache_has(const struct picture_cache *c, int64_t bytes)
{
    return c && atomic_load(&c->left) >= bytes;
}

void picture_cache_give(struct picture_cache *c, int64_t bytes)
{
    if (!c || bytes <= 0)
        return;
    atomic_fetch_add(&c->left, bytes);
    atomic_store(&c->full, false);
}

void picture_cache_close(struct picture_cache *c)
{
    for (int i = 0; c && i < c->table_count; i++)
        kept_table_close(&c->tables[i].table);
    free(c);
}

struct picture_table *picture_cache_table(struct picture_cache *c, const struct source *s,
                                          const struct ftmrt_pipeline *p)
{
    for (int i = 0; c && i < c->table_count; i++)
        if (kept_table_is_of(&c->tables[i].table, s, p))
            return &c->tables[i];
    if (!c || c->table_count == KEPT_TABLES || s->fields[FIELD_INPUT].kind != FIELD_PICTURE ||
        !s->sample_name) /* samples without names of their own are in memory */
        return NULL;
    struct picture_table *t = &c->tables[c->table_count++];
    *t = (struct picture_table){kept_table_open(s, p), ftmrt_pipeline_fixed(p), c};
    return t;
}

uint32_t picture_table_steps(const struct picture_table *t) { return t->steps; }

bool picture_table_find(const struct picture_table *t, int64_t i, struct ftmrt_picture *out)
{
    const struct kept *k = kept_table_get(&t->table, i);
    if (k)
        *out = k->picture;
    return k != NULL;
}

bool picture_table_full(const struct picture_table *t)
{
    return atomic_load_explicit(&t->cache->full, memory_order_relaxed);
}

void picture_table_keep(struct picture_table *t, int64_t i, const struct ftmrt_picture *p)
{
    const size_t size = (size_t)(p->height * p->width) * (size_t)p->channels;
    const int64_t cost = (int64_t)size + OVERHEAD;
    if (!picture_cache_take(t->cache, cost))
        return;
    struct kept *k = malloc(sizeof *k + size);
    if (!k) {
        atomic_store(&t->cache->full, true);
        return;
    }
    k->picture = *p;
    k->picture.pixels = k->pixels;
    memcpy(k->pixels, p->pixels, size);
    if (!kept_table_put(&t->table, i, k)) { /* another thread was first */
        atomic_fetch_add(&t->cache->left, cost);
        free(k);
    }
}
