/* Pictures that are kept in memory between epochs: decoded, and as the steps before the first random one leave them.
 *
 * What is kept is what these steps would give again, so a picture is the same with and without a cache. Kept are those that are
 * made first, until the budget is spent; none is given up for another, as all are wanted equally often, once in an epoch. Which
 * ones those are is a matter of time alone. */
#ifndef FTMRT_APP_PICTURE_CACHE_H
#define FTMRT_APP_PICTURE_CACHE_H

#include "source.h"

struct picture_cache;

/* The pictures of one source behind one pipeline. */
struct picture_table;

/* A cache that takes at most so many bytes; NULL if there are none. */
struct picture_cache *picture_cache_open(int64_t bytes);
void picture_cache_close(struct picture_cache *c);

/* Takes bytes of the budget, for what else is kept between epochs; false, and the budget counts as spent, if there are not so many. */
bool picture_cache_take(struct picture_cache *c, int64_t bytes);
/* Whether there are so many bytes left of it. */
bool picture_cache_has(const struct picture_cache *c, int64_t bytes);
/* Gives back what was taken so. */
void picture_cache_give(struct picture_cache *c, int64_t bytes);

/* The table of a source's pictures behind a pipeline, made where there is none yet; NULL without a cache, and where nothing can be
 * kept: the source's pictures are in memory as they are, or there are too many tables. Not for
 * several threads at once. The source is to stay where it is. */
struct picture_table *picture_cache_table(struct picture_cache *c, const struct source *s,
                                          const struct ftmrt_pipeline *p);

/* The steps that a kept picture has behind it. */
uint32_t picture_table_steps(const struct picture_table *t);

/* Whether sample i is kept; then its picture, which lasts until the cache is closed. Any number of threads may find and keep at
 * once. */
bool picture_table_find(const struct picture_table *t, int64_t i, struct ftmrt_picture *out);

/* Keeps a copy of sample i's picture, unless the budget is spent. */
void picture_table_keep(struct picture_table *t, int64_t i, const struct ftmrt_picture *p);

/* Whether the budget is spent. */
bool picture_table_full(const struct picture_table *t);

#endif
