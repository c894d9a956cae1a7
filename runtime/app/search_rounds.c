#include "search_rounds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

struct search_rounds search_rounds_of(int64_t trials, int64_t factor, int64_t epochs)
{
    struct search_rounds r = {trials, factor, 1};
    for (int64_t part = factor; factor && part <= trials && part <= epochs; part *= factor)
        r.count++;
    return r;
}

/* factor^n */
static int64_t power(const struct search_rounds *r, int64_t n)
{
    int64_t p = 1;
    while (n-- > 0)
        p *= r->factor;
    return p;
}

int64_t search_round_size(const struct search_rounds *r, int64_t round)
{
    return r->trials / power(r, round - 1);
}

int64_t search_round_epochs(const struct search_rounds *r, int64_t round, int64_t epochs)
{
    const double part = (double)epochs / (double)power(r, r->count - round);
    return part < 1 ? 1 : llround(part);
}

/* The trials that a round's results send on, at most `size`: their numbers in *out, the best first; how many. */
static int64_t promote(const struct trial *results, int64_t count, int64_t size, int64_t *out)
{
    struct trial *sorted = app_alloc((size_t)count, sizeof *sorted);
    int64_t n = 0;
    memcpy(sorted, results, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, trial_compare);
    while (n < count && n < size && !sorted[n].failure) {
        out[n] = sorted[n].number;
        n++;
    }
    free(sorted);
    return n;
}

bool search_rounds_next(const struct search_rounds *r, const struct trial *results, int64_t done,
                        int64_t *round, int64_t *number)
{
    int64_t *list = app_alloc((size_t)r->trials, sizeof *list), count = r->trials, begin = 0;
    for (int64_t i = 0; i < count; i++)
        list[i] = i + 1;
    *round = 1;
    while (count > 0 && done - begin >= count && *round < r->count) {
        const int64_t next = search_round_size(r, ++*round),
                      promoted = promote(results + begin, count, next, list);
        begin += count;
        count = promoted;
    }
    const bool more = done - begin < count;
    *number = more ? list[done - begin] : 0;
    free(list);
    return more;
}

int64_t search_rounds_last(const struct trial *results, int64_t done, struct trial **out)
{
    int64_t count = 0;
    *out = app_alloc((size_t)done, sizeof **out);
    for (int64_t i = 0; i < done; i++) {
        int64_t k = 0;
        while (k < count && (*out)[k].number != results[i].number)
            k++;
        if (k == count || !results[i].failure)
            (*out)[k] = results[i];
        count += k == count;
    }
    return count;
}
