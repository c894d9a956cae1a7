#include "feature_cache.h"

#include <stdlib.h>
#include <string.h>

#include "feature_key.h"
#include "feature_store.h"
#include "fingerprint.h"
#include "kept_table.h"
#include "report.h"

enum { OVERHEAD = 32 /* bytes of a sample beside its features, at most */ };

struct feature_table {
    struct kept_table table; /* of features, one behind the other */
    struct feature_cache *cache;
    uint64_t view;               /* of its samples, or 0 */
    struct feature_store *store; /* on disk, or NULL; the cache's */
    uint64_t *contents;          /* of its samples, */
    _Atomic int64_t *places;     /* and where they are there: -1: nowhere */
};

struct feature_cache {
    const struct ftmrt_entry *prefix;
    struct picture_cache *budget;
    struct feature_disk disk;
    size_t bytes;          /* of a sample */
    int64_t taken;         /* of the budget */
    unsigned char *record; /* [bytes]: of one sample */
    int table_count, store_count;
    struct feature_table **tables; /* [table_count], allocated one by one: others hold them */
    struct feature_store *stores[KEPT_TABLES]; /* one for tables of one key */
    uint64_t keys[KEPT_TABLES];
};

/* ---- a sample's values, one behind the other ---- */

static void gather(const struct feature_cache *c, unsigned char *const *features, int64_t k,
                   unsigned char *to)
{
    for (uint32_t v = 0; v < c->prefix->output_count; v++) {
        const size_t bytes = ftmrt_value_bytes(&c->prefix->outputs[v], 1);
        memcpy(to, features[v] + (size_t)k * bytes, bytes);
        to += bytes;
    }
}

static void scatter(const struct feature_cache *c, const unsigned char *from,
                    unsigned char *const *features, int64_t k)
{
    for (uint32_t v = 0; v < c->prefix->output_count; v++) {
        const size_t bytes = ftmrt_value_bytes(&c->prefix->outputs[v], 1);
        memcpy(features[v] + (size_t)k * bytes, from, bytes);
        from += bytes;
    }
}

/* ---- the cache ---- */

struct feature_cache *feature_cache_open(const struct ftmrt_program *p, uint32_t phase,
                                         struct picture_cache *pictures,
                                         const struct feature_disk *disk)
{
    const struct ftmrt_entry *prefix = ftmrt_entry_for(p, FTMRT_ENTRY_PREFIX, NULL, phase, 1);
    if (!prefix || (!pictures && !disk->folder))
        return NULL;
    struct feature_cache *c = app_alloc(1, sizeof *c);
    *c = (struct feature_cache){.prefix = prefix, .budget = pictures, .disk = *disk};
    for (uint32_t i = 0; i < prefix->output_count; i++)
        c->bytes += ftmrt_value_bytes(&prefix->outputs[i], 1);
    c->record = app_alloc(c->bytes, 1);
    return c;
}

void feature_cache_close(struct feature_cache *c)
{
    if (!c)
        return;
    for (int i = 0; i < c->table_count; i++) {
        kept_table_close(&c->tables[i]->table);
        free(c->tables[i]->contents);
        free((void *)c->tables[i]->places);
        free(c->tables[i]);
    }
    free(c->tables);
    for (int i = 0; i < c->store_count; i++)
        feature_store_close(c->stores[i]);
    picture_cache_give(c->budget, c->taken);
    free(c->record);
    free(c);
}

const struct ftmrt_entry *feature_cache_prefix(const struct feature_cache *c) { return c->prefix; }

/* ---- on disk ---- */

/* Arrays have no bytes that say of what size their images are: it goes into the contents. */
static bool add_size(const struct source *s, uint64_t *contents)
{
    struct buffer buffer = {0};
    union field_value v;
    if (s->sample_name || s->fields[FIELD_INPUT].kind != FIELD_PICTURE)
        return true;
    const bool ok = s->read(s, 0, FIELD_INPUT, &buffer, &v);
    const int64_t size[] = {ok ? v.picture.height : 0, ok ? v.picture.width : 0};
    for (int64_t i = 0; ok && i < s->count; i++)
        contents[i] = fingerprint_bytes(size, sizeof size, contents[i]);
    buffer_free(&buffer);
    return ok;
}

/* first: nobody has asked for it. */
/* What is drawn for a sample follows from its number. */
static void add_view(const struct feature_view *v, int64_t count, uint64_t *contents)
{
    for (int64_t i = 0; v->view && i < count; i++) {
        const uint64_t drawn[] = {v->seed, v->view, (uint64_t)i};
        contents[i] = fingerprint_bytes(drawn, sizeof drawn, contents[i]);
    }
}

static struct feature_store *store_of(struct feature_cache *c, uint64_t key, bool *first)
{
    *first = false;
    for (int i = 0; i < c->store_count; i++)
        if (c->keys[i] == key)
            return c->stores[i];
    *first = true;
    struct feature_store *s = feature_store_open(c->disk.folder, key, (int64_t)c->bytes);
    c->keys[c->store_count] = key;
    c->stores[c->store_count++] = s;
    return s;
}

/* What is said of a store of which a table has so many samples. */
static void say_store(struct feature_store *s, int64_t count, int64_t missing, size_t bytes)
{
    if (feature_store_writes(s) && !feature_store_has_room(s, missing)) {
        report_note("%s: there is no room for %.1f MB on its disk; what it lacks is not kept there",
                    feature_store_path(s), (double)missing * (double)bytes * 1e-6);
        feature_store_stop(s);
    }
    report_note("features of the frozen layers are kept in %s, %.1f MB for these %lld samples, of "
                "which it has %lld; the folder may be deleted at any time",
                feature_store_path(s), (double)count * (double)bytes * 1e-6, (long long)count,
                (long long)(count - missing));
}

/* Finds the samples of a source in the store of a key. */
static void find_on_disk(struct feature_table *t, const struct feature_view *view)
{
    const struct source *s = t->table.source;
    struct feature_cache *c = t->cache;
    t->contents = app_alloc((size_t)s->count, sizeof *t->contents);
    if (!s->contents(s, c->disk.threads, t->contents) || !add_size(s, t->contents))
        return;
    add_view(view, s->count, t->contents);
    const uint64_t key =
        feature_key_behind(view->key, &t->table.pipeline, s->fields[FIELD_INPUT].kind);
    bool first;
    t->store = store_of(c, key, &first);
    if (!t->store)
        return;
    t->places = app_alloc((size_t)s->count, sizeof *t->places);
    int64_t missing = 0;
    for (int64_t i = 0; i < s->count; i++) {
        atomic_init(&t->places[i], feature_store_find(t->store, t->contents[i]));
        missing += atomic_load(&t->places[i]) < 0;
    }
    if (first)
        say_store(t->store, s->count, missing, c->bytes);
}

/* Whether another table may be made: of each of its views a source has one. */
static bool has_room(const struct feature_cache *c, uint64_t view)
{
    return c->table_count < KEPT_TABLES + (int)view || c->store_count < KEPT_TABLES;
}

struct feature_table *feature_cache_table(struct feature_cache *c, const struct source *s,
                                          const struct ftmrt_pipeline *p,
                                          const struct feature_view *view)
{
    for (int i = 0; c && i < c->table_count; i++)
        if (c->tables[i]->view == view->view && kept_table_is_of(&c->tables[i]->table, s, p))
            return c->tables[i];
    if (!c || (!view->view && ftmrt_pipeline_random(p)) || !has_room(c, view->view))
        return NULL;
    struct feature_table *t = app_alloc(1, sizeof *t);
    *t = (struct feature_table){.table = kept_table_open(s, p), .cache = c, .view = view->view};
    c->tables = app_grow(c->tables, (size_t)c->table_count + 1, sizeof(struct feature_table *));
    c->tables[c->table_count++] = t;
    const bool fits = picture_cache_has(c->budget, s->count * ((int64_t)c->bytes + OVERHEAD));
    if (c->disk.folder && s->contents && (c->disk.always || !fits))
        find_on_disk(t, view);
    return t;
}

/* ---- samples ---- */

static int64_t place_of(const struct feature_table *t, int64_t i)
{
    return t->places ? atomic_load_explicit(&t->places[i], memory_order_acquire) : -1;
}

bool feature_table_has(const struct feature_table *t, int64_t i)
{
    return place_of(t, i) >= 0 || kept_table_get(&t->table, i) != NULL;
}

static bool keep_on_disk(struct feature_table *t, int64_t i, unsigned char *const *features,
                         int64_t k)
{
    if (!t->store)
        return false;
    gather(t->cache, features, k, t->cache->record);
    const int64_t place = feature_store_put(t->store, t->contents[i], t->cache->record);
    if (place >= 0)
        atomic_store_explicit(&t->places[i], place, memory_order_release);
    return place >= 0;
}

void feature_table_keep(struct feature_table *t, int64_t i, unsigned char *const *features,
                        int64_t k)
{
    struct feature_cache *c = t->cache;
    const int64_t cost = (int64_t)c->bytes + OVERHEAD;
    if (keep_on_disk(t, i, features, k) || !picture_cache_take(c->budget, cost))
        return;
    c->taken += cost;
    unsigned char *kept = malloc(c->bytes);
    if (!kept)
        return;
    gather(c, features, k, kept);
    if (!kept_table_put(&t->table, i, kept)) /* twice in a batch */
        free(kept);
}

bool feature_table_get(const struct feature_table *t, int64_t i, unsigned char *const *features,
                       int64_t k)
{
    const struct feature_cache *c = t->cache;
    const unsigned char *kept = kept_table_get(&t->table, i);
    if (!kept && !feature_store_get(t->store, place_of(t, i), t->contents[i], c->record))
        return false;
    scatter(c, kept ? kept : c->record, features, k);
    return true;
}
