#include "feature_cache.h"

#include <stdlib.h>
#include <string.h>

#include "kept_table.h"
#include "report.h"

enum { OVERHEAD = 32 /* bytes of a sample beside its features, at most */ };

struct feature_table {
    struct kept_table table; /* of features, one behind the other */
    struct feature_cache *cache;
};

struct feature_cache {
    const struct ftmrt_entry *prefix;
    struct picture_cache *budget;
    size_t bytes;  /* of a sample */
    int64_t taken; /* of the budget */
    int table_count;
    struct feature_table tables[KEPT_TABLES];
};

struct feature_cache *feature_cache_open(const struct ftmrt_program *p, uint32_t phase,
                                         struct picture_cache *pictures)
{
    const struct ftmrt_entry *prefix = ftmrt_entry_for(p, FTMRT_ENTRY_PREFIX, NULL, phase, 1);
    if (!prefix || !pictures)
        return NULL;
    struct feature_cache *c = app_alloc(1, sizeof *c);
    *c = (struct feature_cache){.prefix = prefix, .budget = pictures};
    for (uint32_t i = 0; i < prefix->output_count; i++)
        c->bytes += ftmrt_value_bytes(&prefix->outputs[i], 1);
    return c;
}

void feature_cache_close(struct feature_cache *c)
{
    for (int i = 0; c && i < c->table_count; i++)
        kept_table_close(&c->tables[i].table);
    if (c)
        picture_cache_give(c->budget, c->taken);
    free(c);
}

struct feature_table *feature_cache_table(struct feature_cache *c, const struct source *s,
                                          const struct ftmrt_pipeline *p)
{
    for (int i = 0; c && i < c->table_count; i++)
        if (kept_table_is_of(&c->tables[i].table, s, p))
            return &c->tables[i];
    if (!c || c->table_count == KEPT_TABLES || ftmrt_pipeline_random(p))
        return NULL;
    struct feature_table *t = &c->tables[c->table_count++];
    *t = (struct feature_table){kept_table_open(s, p), c};
    return t;
}

bool feature_table_has(const struct feature_table *t, int64_t i)
{
    return kept_table_get(&t->table, i) != NULL;
}

void feature_table_keep(struct feature_table *t, int64_t i, unsigned char *const *features,
                        int64_t k)
{
    const struct ftmrt_entry *e = t->cache->prefix;
    const size_t all = t->cache->bytes;
    if (!picture_cache_take(t->cache->budget, (int64_t)all + OVERHEAD))
        return;
    t->cache->taken += (int64_t)all + OVERHEAD;
    unsigned char *kept = malloc(all);
    if (!kept)
        return;
    unsigned char *to = kept;
    for (uint32_t v = 0; v < e->output_count; v++) {
        const size_t bytes = ftmrt_value_bytes(&e->outputs[v], 1);
        memcpy(to, features[v] + (size_t)k * bytes, bytes);
        to += bytes;
    }
    if (!kept_table_put(&t->table, i, kept)) /* twice in a batch */
        free(kept);
}

void feature_table_get(const struct feature_table *t, int64_t i, unsigned char *const *features,
                       int64_t k)
{
    const struct ftmrt_entry *e = t->cache->prefix;
    const unsigned char *from = kept_table_get(&t->table, i);
    for (uint32_t v = 0; v < e->output_count; v++) {
        const size_t bytes = ftmrt_value_bytes(&e->outputs[v], 1);
        memcpy(features[v] + (size_t)k * bytes, from, bytes);
        from += bytes;
    }
}
