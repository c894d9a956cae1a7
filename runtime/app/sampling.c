/* Orders of samples. */
#include "sampling.h"

#include <math.h>
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

/* The samples of the classes: positions by class, shuffled within each, and where each class begins. */
struct classes {
    int64_t *positions, *begin; /* [count]; [classes + 1] */
    int64_t *next;              /* [classes]: which of its samples comes next */
    double *until;              /* [classes]: how likely this class is, or one before it */
};

static int64_t class_at(const struct subset *s, int64_t position)
{
    return source_class(s->source, s->indices ? s->indices[position] : position);
}

static void sort_by_class(struct classes *c, const struct subset *s, int64_t classes, uint64_t seed,
                          uint64_t epoch)
{
    int64_t *shuffled = app_alloc((size_t)s->count, sizeof *shuffled);
    shuffle_order(shuffled, s->count, seed, epoch);
    for (int64_t i = 0; i < s->count; i++)
        c->begin[class_at(s, i) + 1]++;
    for (int64_t k = 0; k < classes; k++)
        c->begin[k + 1] += c->begin[k];
    for (int64_t i = 0; i < s->count; i++) {
        const int64_t k = class_at(s, shuffled[i]);
        c->positions[c->begin[k] + c->next[k]++] = shuffled[i];
    }
    for (int64_t k = 0; k < classes; k++)
        c->next[k] = 0;
    free(shuffled);
}

void sampling_order(int64_t *order, const struct subset *s, int64_t classes,
                    enum class_sampling sampling, uint64_t seed, uint64_t epoch)
{
    struct classes c = {.positions = app_alloc((size_t)s->count, sizeof(int64_t)),
                        .begin = app_alloc((size_t)classes + 1, sizeof(int64_t)),
                        .next = app_alloc((size_t)classes, sizeof(int64_t)),
                        .until = app_alloc((size_t)classes, sizeof(double))};
    double all = 0;
    sort_by_class(&c, s, classes, seed, epoch);
    for (int64_t k = 0; k < classes; k++) {
        const double count = (double)(c.begin[k + 1] - c.begin[k]);
        all += sampling == SAMPLING_SQRT ? sqrt(count) : count > 0;
        c.until[k] = all;
    }
    for (int64_t i = 0; i < s->count; i++) {
        const double drawn = all * ftmrt_uniform(seed, epoch, (uint64_t)i, FTMRT_USE_SAMPLING);
        int64_t k = 0;
        while (k + 1 < classes && drawn >= c.until[k])
            k++;
        const int64_t count = c.begin[k + 1] - c.begin[k];
        order[i] = c.positions[c.begin[k] + c.next[k]++ % count];
    }
    free(c.positions);
    free(c.begin);
    free(c.next);
    free(c.until);
}
