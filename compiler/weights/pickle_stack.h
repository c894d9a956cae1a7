/* The stack of the restricted pickle machine (pickle.c), and the values on it. */
#ifndef FTM_WEIGHTS_PICKLE_STACK_H
#define FTM_WEIGHTS_PICKLE_STACK_H

#include "pickle.h"

/* The pickle machine's state (pickle.c). No function takes what lies below the last mark. */
struct machine {
    struct arena *arena;
    const unsigned char *data;
    size_t size, at;
    VEC(struct pickle_value *) stack, memo;
    VEC(uint32_t) marks;
    struct pickle *out;
    uint64_t steps; /* opcodes, and items that a call copies */
    bool stopped;
};

/* Keeps the first failure and its place; returns false. */
bool pickle_fail(struct machine *m, const char *why);

struct pickle_value *pickle_new(struct machine *m, enum pickle_kind kind);

/* Returns true. */
bool pickle_push(struct machine *m, struct pickle_value *v);

/* Values above the last mark. */
uint32_t pickle_available(const struct machine *m);

/* The topmost value, or NULL after a failure; pop takes it away. */
struct pickle_value *pickle_top(struct machine *m);
struct pickle_value *pickle_pop(struct machine *m);

/* Takes the last mark away; *first is the stack index of the values above it. */
bool pickle_pop_mark(struct machine *m, uint32_t *first);

/* A collection of the values from stack index `first` on, which are popped. */
struct pickle_value *pickle_collect(struct machine *m, enum pickle_kind kind, uint32_t first);

/* Pushes a collection of what lies above the last mark, or a tuple of the last `count` values. */
bool pickle_collect_marked(struct machine *m, enum pickle_kind kind);
bool pickle_collect_tuple(struct machine *m, uint32_t count);

#endif
