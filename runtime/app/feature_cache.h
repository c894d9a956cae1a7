/* Features that are kept between epochs: what the entry PREFIX, which nothing trains, computes of a sample; in memory, or on disk
 * (feature_store.h).
 *
 * They are what the entry would compute again, since the features of a sample do not depend on the others of its batch; so nothing
 * else changes with the cache but the time. In memory are kept those that are computed first, until the budget is spent, which they share
 * with kept pictures; none is given up for another. */
#ifndef FTMRT_APP_FEATURE_CACHE_H
#define FTMRT_APP_FEATURE_CACHE_H

#include "ftmrt.h"
#include "picture_cache.h"

struct feature_cache;

/* The features of one source's samples behind one pipeline. */
struct feature_table;

/* Where features may be beside memory. */
struct feature_disk {
    const char *folder; /* NULL: nowhere */
    bool always;        /* also where memory would do */
    int threads;        /* that look at the samples' contents */
};

/* What samples are behind a pipeline, for those on disk. */
struct feature_view {
    uint64_t key, seed; /* feature_key.h; of what the pipeline draws */
    uint64_t
        view; /* which of the variants of its samples a random pipeline makes, from 1; 0: it draws nothing, or anew in each epoch */
};

/* A cache for the features of a phase of a program, with the budget of `pictures`, which is to outlive it, and gets back at the end what
 * was taken of it. NULL without a budget and a disk, and where the phase has no prefix. */
struct feature_cache *feature_cache_open(const struct ftmrt_program *p, uint32_t phase,
                                         struct picture_cache *pictures,
                                         const struct feature_disk *disk);
void feature_cache_close(struct feature_cache *c);

/* The entry whose results they are. */
const struct ftmrt_entry *feature_cache_prefix(const struct feature_cache *c);

/* The table of a source's samples behind a pipeline, made where there is none yet, one for each variant; NULL without a cache, where
 * the pipeline makes another input of a sample each time, and where there are too many tables. Where features are on disk is said. Not for
 * several threads at once. The source is to stay where it is. */
struct feature_table *feature_cache_table(struct feature_cache *c, const struct source *s,
                                          const struct ftmrt_pipeline *p,
                                          const struct feature_view *view);

/* Whether the features of sample i are kept: for good, then. Any number of threads may ask while one keeps. */
bool feature_table_has(const struct feature_table *t, int64_t i);

/* Keeps the features of sample i, as long as there is room. features: a buffer for each output of the prefix, where the sample is
 * the one with number k. */
void feature_table_keep(struct feature_table *t, int64_t i, unsigned char *const *features,
                        int64_t k);

/* Writes the features of sample i, which are kept, to the places k of such buffers; false after a message. */
bool feature_table_get(const struct feature_table *t, int64_t i, unsigned char *const *features,
                       int64_t k);

#endif
