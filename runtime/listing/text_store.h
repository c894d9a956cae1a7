/* Texts that stay where they are until all are freed: a million names take their own bytes and little else. */
#ifndef FTMRT_TEXT_STORE_H
#define FTMRT_TEXT_STORE_H

#include <stddef.h>

struct text_block;

struct text_store {
    struct text_block *blocks; /* the newest first */
};

/* A copy of `length` bytes with a 0 behind; NULL: out of memory. */
char *text_store_add(struct text_store *s, const char *text, size_t length);
void text_store_free(struct text_store *s);

#endif
