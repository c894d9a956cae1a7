/* The parts of schedule_build, for the files of this folder. */
#ifndef FTM_SCHEDULE_PLAN_H
#define FTM_SCHEDULE_PLAN_H

#include "rounding.h"
#include "schedule.h"

enum { PLAN_ALIGN = 64, PLAN_PAGE = 4096 };

static inline uint64_t plan_align(uint64_t bytes) { return align_up(bytes, PLAN_ALIGN); }

/* The distance from a state or a constant to the next: after a large one a cache line more, so
 * that large ones do not all begin at the same place of a page. */
static inline uint64_t plan_span(uint64_t bytes)
{
    return plan_align(bytes) + (bytes >= PLAN_PAGE ? PLAN_ALIGN : 0);
}

/* Where the derived constant of a constant value lies; adds the derivations it takes
 * (const_plan.c). */
struct place plan_constant(struct schedule *s, const struct graph *g, value_id v);

/* The kernel of a computing node: an equal one, or a new one (kernels.c). */
uint32_t plan_kernel(struct schedule *s, const struct graph *g, value_id v);

/* Fills the places of a function's calls, whose nodes and kernels are known; raises arena_size.
 * The scratch place gets its size only. The arena begins at states_size (memory_plan.c). */
void plan_memory(struct schedule *s, struct arena *scratch, struct schedule_function *f);

#endif
