/* Memory that is used again and again: by the threads that make samples, one each. */
#ifndef FTMRT_APP_BUFFER_H
#define FTMRT_APP_BUFFER_H

#include <stdlib.h>

#include "report.h"

struct buffer {
    unsigned char *at; /* owned; aligned as malloc's */
    size_t size;
};

/* At least `size` bytes, with what was in it or not. */
static inline unsigned char *buffer_need(struct buffer *b, size_t size)
{
    if (size > b->size) {
        free(b->at);
        *b = (struct buffer){app_alloc(size, 1), size};
    }
    return b->at;
}

static inline void buffer_free(struct buffer *b)
{
    free(b->at);
    *b = (struct buffer){0};
}

#endif
