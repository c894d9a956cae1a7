/* Placing ranges of bytes that live for a time: each at the lowest offset where it meets none that
 * is alive at the same time.
 *
 * Starts of large ranges are staggered: each begins at its own odd cache line modulo the page, so
 * that walking several in step does not hit the same cache sets. The result depends on the order of
 * the calls alone. */
#ifndef FTM_SCHEDULE_FIRST_FIT_H
#define FTM_SCHEDULE_FIRST_FIT_H

#include <stdint.h>

#include "arena.h"
#include "vec.h"

struct fit_block;

/* What is placed, in blocks sorted by offset. */
struct first_fit {
    struct arena *arena;
    VEC(struct fit_block *) blocks;
    uint32_t placed;
};

void first_fit_init(struct first_fit *f, struct arena *arena);

/* Places a range that is alive at times first to last, both included; gives its offset. */
uint64_t first_fit_place(struct first_fit *f, uint64_t bytes, uint32_t first, uint32_t last);

#endif
