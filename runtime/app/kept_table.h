/* What is kept in memory between epochs of one source's samples behind one pipeline: a block of memory each, or none. */
#ifndef FTMRT_APP_KEPT_TABLE_H
#define FTMRT_APP_KEPT_TABLE_H

#include <stdatomic.h>

#include "source.h"

enum { KEPT_TABLES = 4 }; /* of a cache, at most: training and validation at two sizes */

struct kept_table {
    const struct source *source;
    struct ftmrt_pipeline pipeline;
    int64_t count;
    _Atomic(void *) *kept; /* [count], allocated one by one; NULL: not kept */
};

/* An empty table. The source is to stay where it is. */
struct kept_table kept_table_open(const struct source *s, const struct ftmrt_pipeline *p);

/* Frees what is kept. */
void kept_table_close(struct kept_table *t);

/* Whether it is the table of that source and pipeline. */
bool kept_table_is_of(const struct kept_table *t, const struct source *s,
                      const struct ftmrt_pipeline *p);

/* What is kept of sample i, for good then, or NULL. Any number of threads may ask while one puts. */
const void *kept_table_get(const struct kept_table *t, int64_t i);

/* Keeps memory that malloc gave for sample i; false: something is kept already, and the memory is still the caller's. */
bool kept_table_put(struct kept_table *t, int64_t i, void *memory);

#endif
