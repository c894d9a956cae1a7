/* link: ftm_schedule ftm_passes ftm_graph ftm_ops ftm_base */
/* First fit gives the offsets that the plain rule gives: of all offsets where a range may begin, the
 * lowest at which it meets none that is alive at the same time. */
#include "first_fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

struct placed {
    uint64_t offset, bytes;
    uint32_t first, last;
};

static bool meets(const struct placed *a, const struct placed *b)
{
    return a->first <= b->last && b->first <= a->last && a->offset < b->offset + b->bytes &&
           b->offset < a->offset + a->bytes;
}

/* Tries every offset where a range of this rank may begin. */
static uint64_t lowest(const struct placed *all, uint32_t rank)
{
    struct placed p = all[rank];
    uint64_t begin = p.bytes >= 4096 ? (rank * 14U + 1U) % 64 * 64 : 0;
    uint64_t step = p.bytes >= 4096 ? 4096 : 64;
    for (p.offset = begin;; p.offset += step) {
        bool free = true;
        for (uint32_t i = 0; i < rank && free; i++)
            free = !meets(&p, &all[i]);
        if (free)
            return p.offset;
    }
}

static uint64_t state;

static uint32_t random_below(uint32_t n)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33) % n;
}

enum { RANGES = 400 };

/* Sizes mostly fall, as the planner gives them; a third lives from a time to its mirror image, as
 * what a backward part needs does; the others live for a moment. */
static struct placed random_range(uint32_t rank)
{
    static const uint64_t sizes[] = {20000, 8192, 4096, 1000, 64, 4};
    struct placed p = {.bytes = sizes[rank * 6 / RANGES] + random_below(3) * 64};
    if (random_below(3) == 0) {
        p.first = random_below(RANGES);
        p.last = 2 * RANGES - p.first;
    } else {
        p.first = random_below(2 * RANGES);
        p.last = p.first + random_below(4);
    }
    return p;
}

static void as_the_plain_rule(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        state = seed;
        struct placed all[RANGES];
        struct arena a;
        struct first_fit fit;
        arena_init(&a, "test");
        first_fit_init(&fit, &a);
        for (uint32_t i = 0; i < RANGES; i++) {
            all[i] = random_range(i);
            all[i].offset = lowest(all, i);
            assert_int_equal(first_fit_place(&fit, all[i].bytes, all[i].first, all[i].last),
                             all[i].offset);
        }
        arena_clear(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_the_plain_rule)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
