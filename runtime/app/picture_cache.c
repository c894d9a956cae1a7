#include "picture_cache.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { TABLES = 4, OVERHEAD = 64 /* bytes of a picture beside its pixels, at most */ };

struct kept {
    struct ftmrt_picture picture; /* its pixels are behind it */
    unsigned char pixels[];
};

struct picture_table {
    const struct source *source;
    struct ftmrt_pipeline pipeline;
    uint32_t steps;
    struct picture_cache *cache;
    int64_t count;
    _Atomic(struct kept *) *kept; /* [count] */
};

struct picture_cache {
    _Atomic int64_t left; /* bytes */
    _Atomic bool full;    /* a picture was refused */
    int table_count;
    struct picture_table tables[TABLES];
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
    if (atomic_fetch_sub(&c->left, bytes) >= bytes)
        return true;
    atomic_fetch_add(&c->left, bytes);
    atomic_store(&c->full, true);
    return false;
}

static void free_table(struct picture_table *t)
{
    for (int64_t i = 0; i < t->count; i++)
        free(atomic_load_explicit(&t->kept[i], memory_order_relaxed));
    free((void *)t->kept);
}

void picture_cache_close(struct picture_cache *c)
{
    for (int i = 0; c && i < c->table_count; i++)
        free_table(&c->tables[i]);
    free(c);
}

static bool is_table_of(const struct picture_table *t, const struct source *s,
                        const struct ftmrt_pipeline *p)
{
    return t->source == s && t->pipeline.steps == p->steps && t->pipeline.count == p->count;
}

struct picture_table *picture_cache_table(struct picture_cache *c, const struct source *s,
                                          const struct ftmrt_pipeline *p)
{
    for (int i = 0; c && i < c->table_count; i++)
        if (is_table_of(&c->tables[i], s, p))
            return &c->tables[i];
    if (!c || c->table_count == TABLES || s->fields[FIELD_INPUT].kind != FIELD_PICTURE ||
        !s->sample_name) /* samples without names of their own are in memory */
        return NULL;
    struct picture_table *t = &c->tables[c->table_count++];
    *t = (struct picture_table){s, *p,       ftmrt_pipeline_fixed(p),
                                c, s->count, app_alloc((size_t)s->count, sizeof *t->kept)};
    return t;
}

uint32_t picture_table_steps(const struct picture_table *t) { return t->steps; }

bool picture_table_find(const struct picture_table *t, int64_t i, struct ftmrt_picture *out)
{
    const struct kept *k = atomic_load_explicit(&t->kept[i], memory_order_acquire);
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
    struct kept *none = NULL, *k = NULL;
    if (!picture_cache_take(t->cache, cost))
        return;
    k = malloc(sizeof *k + size);
    if (!k) {
        atomic_store(&t->cache->full, true);
        return;
    }
    k->picture = *p;
    k->picture.pixels = k->pixels;
    memcpy(k->pixels, p->pixels, size);
    if (!atomic_compare_exchange_strong(&t->kept[i], &none, k)) { /* another thread was first */
        atomic_fetch_add(&t->cache->left, cost);
        free(k);
    }
}
