/* Bump allocation in chunks of growing size.
 *
 * A block is taken from the newest chunk, or a new chunk is made for it; the rest of an older chunk
 * stays unused. Only the last block of the newest chunk can grow in place, which is the common case
 * of one array being built at a time. */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under AddressSanitizer every block is a chunk of its own, and a block that has moved is poisoned:
 * it then finds overruns, and stale pointers into arrays that have grown. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
enum { ARENA_ALIGN = 16, ARENA_FIRST_CHUNK = 1, ARENA_MAX_CHUNK = 1 };
#else
#define ASAN_POISON_MEMORY_REGION(block, size) ((void)(block), (void)(size))
enum { ARENA_ALIGN = 16, ARENA_FIRST_CHUNK = 1 << 14, ARENA_MAX_CHUNK = 1 << 22 };
#endif

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used; /* of data, in bytes */
    _Alignas(ARENA_ALIGN) unsigned char data[];
};

static _Noreturn void out_of_memory(const struct arena *a, size_t size)
{
    fprintf(stderr, "ftmc: out of memory: %zu bytes for %s\n", size,
            a->name ? a->name : "an arena");
    exit(70);
}

/* At least 1 byte, so that every block has an address of its own. */
static size_t rounded(const struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        out_of_memory(a, size);
    if (size == 0)
        size = 1;
    return (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

static void add_chunk(struct arena *a, size_t wanted)
{
    size_t size = a->chunks ? 2 * a->chunks->size : ARENA_FIRST_CHUNK;
    if (size > ARENA_MAX_CHUNK)
        size = ARENA_MAX_CHUNK;
    if (size < wanted)
        size = wanted;
    struct arena_chunk *chunk = calloc(1, sizeof *chunk + size);
    if (!chunk)
        out_of_memory(a, size);
    chunk->size = size;
    chunk->next = a->chunks;
    a->chunks = chunk;
    a->reserved += size;
}

void arena_init(struct arena *a, const char *name) { *a = (struct arena){.name = name}; }

void arena_clear(struct arena *a)
{
    struct arena_chunk *chunk = a->chunks;
    while (chunk) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    *a = (struct arena){.name = a->name};
}

void *arena_alloc(struct arena *a, size_t size)
{
    size = rounded(a, size);
    if (!a->chunks || a->chunks->size - a->chunks->used < size)
        add_chunk(a, size);
    void *block = a->chunks->data + a->chunks->used;
    a->chunks->used += size;
    a->used += size;
    return block;
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size)
{
    if (!old)
        return arena_alloc(a, new_size);
    size_t have = rounded(a, old_size), want = rounded(a, new_size);
    if (want <= have)
        return old;
    struct arena_chunk *chunk = a->chunks;
    if ((unsigned char *)old + have == chunk->data + chunk->used &&
        want - have <= chunk->size - chunk->used) {
        chunk->used += want - have;
        a->used += want - have;
        return old;
    }
    void *block = arena_alloc(a, new_size);
    memcpy(block, old, old_size);
    ASAN_POISON_MEMORY_REGION(old, have);
    return block;
}

char *arena_strdup(struct arena *a, const char *s) { return arena_strndup(a, s, strlen(s)); }

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *copy = arena_alloc(a, n + 1);
    memcpy(copy, s, n);
    return copy;
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return arena_strdup(a, "");
    char *text = arena_alloc(a, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(a, format, args);
    va_end(args);
    return text;
}
