/* Bump allocation: everything of one lifetime is freed at once.
 *
 * One arena lives as long as a compilation; passes take a scratch arena that their runner clears.
 * Allocation never fails: out of memory ends the compiler with a message and exit code 70 (it owns
 * no user data at that point). */
#ifndef FTM_BASE_ARENA_H
#define FTM_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    const char *name;           /* for --stats */
    struct arena_chunk *chunks; /* newest first */
    size_t used, reserved;      /* bytes */
};

/* An empty arena: nothing is allocated before the first request. name: in reports of what takes memory; kept, not copied. */
void arena_init(struct arena *a, const char *name);

/* Frees everything; the arena can be used again. */
void arena_clear(struct arena *a);

/* Zeroed memory, aligned to 16 bytes; never NULL. A size of 0 gives a valid unique pointer. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));

/* Grows a block from old_size to new_size, moving it if it must; the tail is zeroed. old may be
 * NULL. */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size)
    __attribute__((returns_nonnull));

char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#define arena_new(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

#endif
