#include "listing_rows.h"

#include <stdlib.h>
#include <string.h>

bool listing_grow(void **at, int64_t count, size_t size)
{
    if (count & (count - 1))
        return true;
    void *more = realloc(*at, (size_t)(count ? 2 * count : 1) * size);
    *at = more ? more : *at;
    return more != NULL;
}

bool listing_rows_tag(struct listing_rows *r, int32_t class)
{
    if (!listing_grow((void **)&r->tags, r->tag_count, sizeof *r->tags))
        return false;
    r->tags[r->tag_count++] = class;
    return true;
}

bool listing_rows_end(struct listing_rows *r)
{
    if (!listing_grow((void **)&r->ends, r->count, sizeof *r->ends))
        return false;
    r->ends[r->count++] = r->tag_count;
    return true;
}

bool listing_rows_numbers(struct listing_rows *r, const double *numbers)
{
    const size_t size = (size_t)r->width * sizeof *numbers;
    if (!listing_grow((void **)&r->numbers, r->count, size))
        return false;
    memcpy(r->numbers + r->count * r->width, numbers, size);
    r->count++;
    return true;
}

/* The classes of a row. */
static const int32_t *tags_of(const struct listing_rows *r, int64_t row, int64_t *count)
{
    const int64_t begin = row ? r->ends[row - 1] : 0;
    *count = r->ends[row] - begin;
    return r->tags + begin;
}

void listing_rows_vector(const struct listing_rows *r, int64_t row, const int32_t *labels,
                         int64_t classes, double *out)
{
    memset(out, 0, (size_t)classes * sizeof *out);
    for (int32_t k = 0; k < r->width; k++)
        out[labels[k]] = r->numbers[row * r->width + k];
    int64_t count = 0;
    const int32_t *tags = r->ends ? tags_of(r, row, &count) : NULL;
    for (int64_t i = 0; i < count; i++)
        out[labels[tags[i]]] = 1;
}

/* Whether all of some classes are among others. */
static bool are_among(const int32_t *some, int64_t count, const int32_t *others, int64_t all)
{
    for (int64_t i = 0, k; i < count; i++) {
        for (k = 0; k < all && others[k] != some[i]; k++)
            ;
        if (k == all)
            return false;
    }
    return true;
}

bool listing_rows_equal(const struct listing_rows *r, int64_t a, int64_t b)
{
    int64_t m, n;
    if (r->width)
        return !memcmp(r->numbers + a * r->width, r->numbers + b * r->width,
                       (size_t)r->width * sizeof *r->numbers);
    const int32_t *x = tags_of(r, a, &m), *y = tags_of(r, b, &n);
    return are_among(x, m, y, n) && are_among(y, n, x, m);
}

void listing_rows_free(struct listing_rows *r)
{
    free(r->tags);
    free(r->ends);
    free(r->numbers);
    *r = (struct listing_rows){0};
}
