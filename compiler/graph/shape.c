/* Shapes: making, comparing, counting, printing. */
#include "shape.h"

#include <ctype.h>
#include <stdio.h>

static bool dtype_matches(enum ftmrt_dtype dtype, const char *word)
{
    const char *name = ftmrt_dtype_name(dtype);
    while (*name && tolower((unsigned char)*name) == *word) {
        name++;
        word++;
    }
    return *name == *word;
}

bool dtype_by_word(const char *word, enum ftmrt_dtype *dtype)
{
    for (unsigned i = 0; i < FTMRT_DTYPE_COUNT; i++)
        if (dtype_matches((enum ftmrt_dtype)i, word)) {
            *dtype = (enum ftmrt_dtype)i;
            return true;
        }
    return false;
}

struct shape shape_make(uint32_t rank, const int64_t *dim)
{
    struct shape s = {.rank = rank};
    for (uint32_t i = 0; i < rank; i++)
        s.dim[i] = dim[i];
    return s;
}

struct shape shape_scalar(void) { return (struct shape){0}; }

struct shape shape_1d(int64_t a) { return (struct shape){1, {a}}; }

struct shape shape_2d(int64_t a, int64_t b) { return (struct shape){2, {a, b}}; }

struct shape shape_4d(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (struct shape){4, {a, b, c, d}};
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

bool type_equal(const struct type *a, const struct type *b)
{
    return a->dtype == b->dtype && shape_equal(&a->shape, &b->shape);
}

bool shape_batched(const struct shape *s) { return s->rank > 0 && s->dim[0] == DIM_BATCH; }

int64_t shape_elements(const struct shape *s, int64_t n)
{
    int64_t count = 1;
    for (uint32_t i = 0; i < s->rank; i++)
        if (__builtin_mul_overflow(count, s->dim[i] == DIM_BATCH ? n : s->dim[i], &count))
            return INT64_MAX;
    return count;
}

char *shape_text(const struct shape *s, char *buf, unsigned size)
{
    unsigned len = 0;
    int n = snprintf(buf, size, s->rank <= SHAPE_MAX_RANK ? "[" : "[?]");
    if (s->rank > SHAPE_MAX_RANK)
        return buf;
    for (uint32_t i = 0; i <= s->rank && n > 0; i++) {
        len += (unsigned)n;
        if (len >= size)
            break;
        const char *comma = i > 0 ? ", " : "";
        if (i == s->rank)
            n = snprintf(buf + len, size - len, "]");
        else if (s->dim[i] == DIM_BATCH)
            n = snprintf(buf + len, size - len, "%sN", comma);
        else
            n = snprintf(buf + len, size - len, "%s%lld", comma, (long long)s->dim[i]);
    }
    return buf;
}
