#include "kept_table.h"

#include <stdlib.h>

#include "report.h"

struct kept_table kept_table_open(const struct source *s, const struct ftmrt_pipeline *p)
{
    struct kept_table t = {.source = s, .pipeline = *p, .count = s->count};
    t.kept = app_alloc((size_t)s->count, sizeof *t.kept);
    return t;
}

void kept_table_close(struct kept_table *t)
{
    for (int64_t i = 0; i < t->count; i++)
        free(atomic_load_explicit(&t->kept[i], memory_order_relaxed));
    free((void *)t->kept);
}

bool kept_table_is_of(const struct kept_table *t, const struct source *s,
                      const struct ftmrt_pipeline *p)
{
    return t->source == s && t->pipeline.steps == p->steps && t->pipeline.count == p->count;
}

const void *kept_table_get(const struct kept_table *t, int64_t i)
{
    return atomic_load_explicit(&t->kept[i], memory_order_acquire);
}

bool kept_table_put(struct kept_table *t, int64_t i, void *memory)
{
    void *none = NULL;
    return atomic_compare_exchange_strong(&t->kept[i], &none, memory);
}
