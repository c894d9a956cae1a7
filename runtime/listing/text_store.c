/* Texts in blocks; see text_store.h. */
#include "text_store.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 1 << 16 };

struct text_block {
    struct text_block *next;
    size_t used, size;
    char at[];
};

static struct text_block *block_for(struct text_store *s, size_t size)
{
    struct text_block *b = s->blocks;
    if (b && b->size - b->used >= size)
        return b;
    const size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    b = malloc(sizeof *b + room);
    if (b) {
        *b = (struct text_block){s->blocks, 0, room};
        s->blocks = b;
    }
    return b;
}

char *text_store_add(struct text_store *s, const char *text, size_t length)
{
    struct text_block *b = block_for(s, length + 1);
    if (!b)
        return NULL;
    char *copy = b->at + b->used;
    memcpy(copy, text, length);
    copy[length] = '\0';
    b->used += length + 1;
    return copy;
}

void text_store_free(struct text_store *s)
{
    for (struct text_block *b = s->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    s->blocks = NULL;
}
