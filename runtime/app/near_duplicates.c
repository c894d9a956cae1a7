#include "near_duplicates.h"

#include <stdlib.h>

#include "report.h"

static bool has_pictures(const struct subset *s)
{
    return s->count > 0 && s->source->contents &&
           s->source->fields[FIELD_INPUT].kind == FIELD_PICTURE;
}

bool near_duplicates_can(const struct subset *train, const struct subset *part)
{
    return has_pictures(train) && has_pictures(part);
}

/* The contents of a subset's samples, to be freed; NULL after a message. */
static uint64_t *contents_of(const struct subset *s, int threads)
{
    uint64_t *all = app_alloc((size_t)s->source->count, sizeof *all);
    if (!s->source->contents(s->source, threads, all)) {
        free(all);
        return NULL;
    }
    for (int64_t i = 0; s->indices && i < s->count; i++) /* in ascending order */
        all[i] = all[s->indices[i]];
    return all;
}

static void count_found(struct near_duplicates *n, int64_t count)
{
    for (int64_t i = count - 1; i >= 0; i--)
        if (n->at[i].other >= 0) {
            n->found++;
            n->first = i;
        }
}

bool near_duplicates_find(struct near_duplicates *n, const struct subset *train,
                          const struct subset *part, bool equal, int threads)
{
    *n = (struct near_duplicates){0};
    uint64_t *ours = contents_of(train, threads), *theirs = contents_of(part, threads);
    const bool ok = ours && theirs;
    for (int64_t i = 0; ok && equal && i < part->count; i++)
        theirs[i] = ~theirs[i]; /* the content of no other */
    if (ok) {
        struct likeness *a = likeness_all(train, threads), *b = likeness_all(part, threads);
        n->at = app_alloc((size_t)part->count, sizeof *n->at);
        likeness_find(a, ours, train->count, b, theirs, part->count, threads, n->at);
        count_found(n, part->count);
        free(a);
        free(b);
    }
    free(ours);
    free(theirs);
    return ok;
}

void near_duplicates_free(struct near_duplicates *n)
{
    free(n->at);
    *n = (struct near_duplicates){0};
}

char *near_duplicates_title(const struct subset *s, int64_t position)
{
    const int64_t i = s->indices ? s->indices[position] : position;
    return s->source->sample_name ? app_strdup(s->source->sample_name(s->source, i))
                                  : app_format("sample %lld of %s", (long long)i, s->source->name);
}
