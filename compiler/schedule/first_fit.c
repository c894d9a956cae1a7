/* First fit over blocks of ranges sorted by offset.
 *
 * A walk from the lowest offset up moves the wanted place behind whatever it meets, and ends where
 * the next range begins behind the place's end. Each block knows between which times all, and any,
 * of its ranges are alive, and its widest gap: a block of which none is alive, or all are and no
 * gap is wide enough, is passed in one step. So the many activations that a training step keeps
 * until its backward part cost a fraction of a step each. */
#include "first_fit.h"

#include <stdbool.h>
#include <string.h>

#include "plan.h"

enum { BLOCK_RANGES = 64 };

struct range {
    uint64_t offset, end;
    uint32_t first, last;
};

struct fit_block {
    uint32_t count;                    /* at least 1 */
    uint32_t first_begun, last_begun;  /* least and greatest `first` */
    uint32_t first_ended, last_ended;  /* least and greatest `last` */
    uint64_t end;                      /* greatest of all */
    uint64_t gap;                      /* the most bytes between two neighbours that no range has */
    struct range ranges[BLOCK_RANGES]; /* by offset */
};

void first_fit_init(struct first_fit *f, struct arena *arena)
{
    *f = (struct first_fit){.arena = arena};
}

/* ---- one place ---- */

struct wanted {
    uint64_t at, bytes;
    uint32_t first, last, rank;
};

/* Moves the place to the first offset >= at where a range of this rank may begin. */
static void stagger(struct wanted *w, uint64_t at)
{
    at = plan_align(at);
    if (w->bytes >= PLAN_PAGE) {
        uint64_t line = (w->rank * 14U + 1U) % (PLAN_PAGE / PLAN_ALIGN);
        at += (line * PLAN_ALIGN + PLAN_PAGE - at % PLAN_PAGE) % PLAN_PAGE;
    }
    w->at = at;
}

/* Moves the place behind the ranges of a block that it meets; whether it ends before one begins. */
static bool pass_ranges(struct wanted *w, const struct fit_block *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        const struct range *r = &b->ranges[i];
        if (r->offset >= w->at + w->bytes)
            return true;
        if (r->first <= w->last && w->first <= r->last && r->end > w->at)
            stagger(w, r->end);
    }
    return false;
}

static bool pass_block(struct wanted *w, const struct fit_block *b)
{
    bool none = b->first_begun > w->last || b->last_ended < w->first;
    bool all = b->last_begun <= w->last && b->first_ended >= w->first;
    if (b->ranges[0].offset >= w->at + w->bytes)
        return true;
    if (b->end <= w->at || none)
        return false;
    if (!all || b->gap >= w->bytes)
        return pass_ranges(w, b);
    stagger(w, b->end);
    return false;
}

/* ---- the blocks ---- */

static void summarize(struct fit_block *b)
{
    b->first_begun = b->first_ended = UINT32_MAX;
    b->last_begun = b->last_ended = 0;
    b->end = b->ranges[0].end;
    b->gap = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        const struct range *r = &b->ranges[i];
        if (r->offset > b->end && r->offset - b->end > b->gap)
            b->gap = r->offset - b->end;
        b->end = r->end > b->end ? r->end : b->end;
        b->first_begun = r->first < b->first_begun ? r->first : b->first_begun;
        b->last_begun = r->first > b->last_begun ? r->first : b->last_begun;
        b->first_ended = r->last < b->first_ended ? r->last : b->first_ended;
        b->last_ended = r->last > b->last_ended ? r->last : b->last_ended;
    }
}

static struct fit_block *add_block(struct first_fit *f, uint32_t at)
{
    vec_push(f->arena, &f->blocks, NULL);
    struct fit_block **to = f->blocks.at + at;
    memmove(to + 1, to, (f->blocks.len - 1 - at) * sizeof *to);
    return *to = arena_new(f->arena, struct fit_block);
}

/* Moves the upper half of a full block to a new one behind it. */
static void split(struct first_fit *f, uint32_t i)
{
    struct fit_block *upper = add_block(f, i + 1), *lower = f->blocks.at[i];
    upper->count = lower->count / 2;
    lower->count -= upper->count;
    memcpy(upper->ranges, lower->ranges + lower->count, upper->count * sizeof(struct range));
    summarize(upper);
    summarize(lower);
}

static void insert(struct first_fit *f, const struct range *r)
{
    if (f->blocks.len == 0)
        add_block(f, 0);
    uint32_t i = f->blocks.len - 1;
    while (i > 0 && f->blocks.at[i]->ranges[0].offset > r->offset)
        i--;
    struct fit_block *b = f->blocks.at[i];
    uint32_t at = b->count++;
    for (; at > 0 && b->ranges[at - 1].offset > r->offset; at--)
        b->ranges[at] = b->ranges[at - 1];
    b->ranges[at] = *r;
    summarize(b);
    if (b->count == BLOCK_RANGES)
        split(f, i);
}

uint64_t first_fit_place(struct first_fit *f, uint64_t bytes, uint32_t first, uint32_t last)
{
    struct wanted w = {.bytes = bytes, .first = first, .last = last, .rank = f->placed++};
    stagger(&w, 0);
    for (uint32_t i = 0; i < f->blocks.len && !pass_block(&w, f->blocks.at[i]); i++)
        continue;
    insert(f, &(struct range){w.at, w.at + bytes, first, last});
    return w.at;
}
