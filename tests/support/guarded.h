/* Memory that notices being overrun: behind its last byte lies a page that cannot be touched,
 * before its first a filled margin that is looked at when asked. */
#ifndef FTM_SUPPORT_GUARDED_H
#define FTM_SUPPORT_GUARDED_H

#include <stdbool.h>
#include <stddef.h>

struct guarded {
    unsigned char *at; /* the memory, zeroed */
    size_t bytes;
    unsigned char *mapping;
    size_t mapping_bytes;
};

/* Ends exactly before the guard page, so `at` is as aligned as `bytes` is. */
struct guarded guarded_new(size_t bytes);
void guarded_free(struct guarded *g);

/* Whether nothing was written before the memory. */
bool guarded_intact(const struct guarded *g);

#endif
