#include "feature_cache.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

enum { TABLES = 4, OVERHEAD = 32 /* bytes of a sample beside its features, at most */ };

struct feature_table {
    const struct source *source;
    struct ftmrt_pipeline pipeline;
    struct feature_cache *cache;
    int64_t count;
    _Atomic(unsigned char *) *kept; /* [count]: features one behind the other, or NULL */
};

struct feature_cache {
    const struct ftmrt_entry *prefix;
    struct picture_cache *budget;
    size_t bytes; /* of a sample */
    int table_count;
    struct feature_table tables[TABLES];
};

struct feature_cache *feature_cache_open(const struct ftmrt_program *p,
                                         struct picture_cache *pictures)
{
    const struct ftmrt_entry *prefix = ftmrt_entry_for(p, FTMRT_ENTRY_PREFIX, NULL, 0, 1);
    if (!prefix || !pictures)
        return NULL;
    struct feature_cache *c = app_alloc(1, sizeof *c);
    *c = (struct feature_cache){.prefix = prefix, .budget = pictures};
    for (uint32_t i = 0; i < prefix->output_count; i++)
        c->bytes += ftmrt_value_bytes(&prefix->outputs[i], 1);
    return c;
}

static void free_table(struct feature_table *t)
{
    for (int64_t i = 0; i < t->count; i++)
        free(atomic_load_explicit(&t->kept[i], memory_order_relaxed));
    free((void *)t->kept);
}

void feature_cache_close(struct feature_cache *c)
{
    for (int i = 0; c && i < c->table_count; i++)
        free_table(&c->tables[i]);
    free(c);
}

static bool is_table_of(const struct feature_table *t, const struct source *s,
                        const struct ftmrt_pipeline *p)
{
    return t->source == s && t->pipeline.steps == p->steps && t->pipeline.count == p->count;
}

struct feature_table *feature_cache_table(struct feature_cache *c, const struct source *s,
                                          const struct ftmrt_pipeline *p)
{
    for (int i = 0; c && i < c->table_count; i++)
        if (is_table_of(&c->tables[i], s, p))
            return &c->tables[i];
    if (!c || c->table_count == TABLES || ftmrt_pipeline_random(p))
        return NULL;
    struct feature_table *t = &c->tables[c->table_count++];
    *t = (struct feature_table){s, *p, c, s->count, app_alloc((size_t)s->count, sizeof *t->kept)};
    return t;
}

bool feature_table_has(const struct feature_table *t, int64_t i)
{
    return atomic_load_explicit(&t->kept[i], memory_order_acquire) != NULL;
}

void feature_table_keep(struct feature_table *t, int64_t i, unsigned char *const *features,
                        int64_t k)
{
    const struct ftmrt_entry *e = t->cache->prefix;
    const size_t all = t->cache->bytes;
    unsigned char *kept = picture_cache_take(t->cache->budget, (int64_t)all + OVERHEAD)
                              ? malloc(all)
                              : NULL,
                  *to = kept;
    for (uint32_t v = 0; kept && v < e->output_count; v++) {
        const size_t bytes = ftmrt_value_bytes(&e->outputs[v], 1);
        memcpy(to, features[v] + (size_t)k * bytes, bytes);
        to += bytes;
    }
    atomic_store_explicit(&t->kept[i], kept, memory_order_release);
}

void feature_table_get(const struct feature_table *t, int64_t i, unsigned char *const *features,
                       int64_t k)
{
    const struct ftmrt_entry *e = t->cache->prefix;
    const unsigned char *from = atomic_load_explicit(&t->kept[i], memory_order_acquire);
    for (uint32_t v = 0; v < e->output_count; v++) {
        const size_t bytes = ftmrt_value_bytes(&e->outputs[v], 1);
        memcpy(features[v] + (size_t)k * bytes, from, bytes);
        from += bytes;
    }
}
