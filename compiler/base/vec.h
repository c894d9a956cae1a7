/* Growable arrays in an arena.
 *
 *     VEC(struct node) nodes = {0};
 *     vec_push(arena, &nodes, n);
 *     for (uint32_t i = 0; i < nodes.len; i++) use(&nodes.at[i]);
 *
 * Elements move when the array grows: keep indices, not pointers, across a push. */
#ifndef FTM_BASE_VEC_H
#define FTM_BASE_VEC_H

#include <stdint.h>

#include "arena.h"

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *at;                                                                                  \
        uint32_t len, cap;                                                                         \
    }

/* Makes room for one more element. */
#define vec_reserve(arena, v)                                                                      \
    ((v)->len < (v)->cap                                                                           \
         ? (void)0                                                                                 \
         : (void)((v)->at = arena_grow((arena), (v)->at, sizeof(*(v)->at) * (v)->cap,              \
                                       sizeof(*(v)->at) * ((v)->cap ? 2U * (v)->cap : 8U)),        \
                  (v)->cap = (v)->cap ? 2U * (v)->cap : 8U))

#define vec_push(arena, v, ...) (vec_reserve((arena), (v)), (v)->at[(v)->len++] = (__VA_ARGS__))

/* Appends a zeroed element and gives its address. */
#define vec_add(arena, v) (vec_reserve((arena), (v)), &(v)->at[(v)->len++])

#endif
