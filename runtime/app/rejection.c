#include "rejection.h"

#include <math.h>
#include <stdlib.h>

#include "network.h"
#include "report.h"

struct rejection rejection_at(const struct metrics *m, double threshold)
{
    struct rejection r = {.threshold = threshold};
    for (int64_t i = 0; i < m->count; i++) {
        const bool answered = m->predicted[i] != NO_CLASS && (double)m->confidence[i] >= threshold;
        r.answered += answered;
        r.right += answered && m->predicted[i] == m->labels[i];
    }
    return r;
}

struct answer {
    float confidence;
    bool right;
};

static int surest_first(const void *a, const void *b)
{
    const float x = ((const struct answer *)a)->confidence,
                y = ((const struct answer *)b)->confidence;
    return (x < y) - (x > y);
}

/* The answers that there are, the surest first; owned by the caller. */
static struct answer *in_order(const struct metrics *m, int64_t *count)
{
    struct answer *at = app_alloc((size_t)m->count + 1, sizeof *at);
    *count = 0;
    for (int64_t i = 0; i < m->count; i++)
        if (m->predicted[i] != NO_CLASS)
            at[(*count)++] = (struct answer){m->confidence[i], m->predicted[i] == m->labels[i]};
    qsort(at, (size_t)*count, sizeof *at, surest_first);
    return at;
}

static double share(const struct rejection *r)
{
    return r->answered ? (double)r->right / (double)r->answered : 0;
}

bool rejection_choose(const struct metrics *m, double precision, struct rejection *r)
{
    int64_t count;
    struct answer *at = in_order(m, &count);
    struct rejection here = {0}, best = {0}, chosen = {0};
    for (int64_t i = 0; i < count;) {
        here.threshold = (double)at[i].confidence;
        for (const float c = at[i].confidence; i < count && at[i].confidence == c; i++) {
            here.answered++;
            here.right += at[i].right;
        }
        if (share(&here) >= precision)
            chosen = here;
        if (!best.answered || share(&here) > share(&best))
            best = here;
    }
    free(at);
    *r = chosen.answered ? chosen : best;
    r->threshold =
        floor(1e9 * r->threshold) / 1e9; /* as it is written: not above the least sure of them */
    return chosen.answered > 0;
}
