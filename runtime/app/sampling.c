/* Shuffling and splitting. */
#include "sampling.h"

#include <stdlib.h>

#include "report.h"

void shuffle_order(int64_t *order, int64_t count, uint64_t seed, uint64_t epoch)
{
    for (int64_t i = 0; i < count; i++)
        order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) { /* Fisher-Yates */
        int64_t j =
            (int64_t)(ftmrt_uniform(seed, epoch, (uint64_t)i, FTMRT_USE_SHUFFLE) * (double)(i + 1));
        int64_t t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
}

/* Marks round(percent of the class) of a class's members, chosen by a seeded permutation. */
static void mark_class(int64_t *members, int64_t count, bool *chosen, int64_t k, double percent,
                       uint64_t seed)
{
    int64_t take = (int64_t)((double)count * percent / 100 + 0.5);
    for (int64_t i = 0; i < take; i++) {
        double u = ftmrt_uniform(seed, (uint64_t)k, (uint64_t)i, FTMRT_USE_SPLIT);
        int64_t j = i + (int64_t)(u * (double)(count - i));
        int64_t t = members[i];
        members[i] = members[j];
        members[j] = t;
        chosen[members[i]] = true;
    }
}

/* The class of a sample; all are of one where labels are no classes. */
static int64_t stratum(const struct source *source, int64_t i)
{
    return source->fields[FIELD_LABEL].kind == FIELD_INDEX ? source_class(source, i) : 0;
}

/* Which samples validate. */
static bool *choose(const struct source *source, int64_t classes, double percent, uint64_t seed)
{
    bool *chosen = app_alloc((size_t)source->count, sizeof(bool));
    int64_t *members = app_alloc((size_t)source->count, sizeof(int64_t));
    for (int64_t k = 0; k < classes; k++) {
        int64_t count = 0;
        for (int64_t i = 0; i < source->count; i++)
            if (stratum(source, i) == k)
                members[count++] = i;
        mark_class(members, count, chosen, k, percent, seed);
    }
    free(members);
    return chosen;
}

void split_stratified(struct split *s, const struct source *source, int64_t classes, double percent,
                      uint64_t seed)
{
    bool *chosen = choose(source, classes, percent, seed);
    *s = (struct split){app_alloc((size_t)source->count, sizeof(int64_t)),
                        app_alloc((size_t)source->count, sizeof(int64_t)), 0, 0};
    for (int64_t i = 0; i < source->count; i++) {
        if (chosen[i])
            s->validation[s->validation_count++] = i;
        else
            s->train[s->train_count++] = i;
    }
    free(chosen);
}

void split_free(struct split *s)
{
    free(s->train);
    free(s->validation);
    *s = (struct split){0};
}
