/* The form of a value in memory: how its elements are ordered, and as what they are stored. Types are
 * logical; a form says nothing of the shape. What is f32 in the graph is stored as f32. */
#ifndef FTM_KERNEL_FORM_H
#define FTM_KERNEL_FORM_H

#include "graph.h"

struct form {
    enum ftmrt_layout layout;
    enum ftmrt_dtype stored;
};

static inline bool form_equal(struct form a, struct form b)
{
    return a.layout == b.layout && a.stored == b.stored;
}

/* The form that a node's value has. */
struct form form_of(const struct node *n);

/* The form in which kernels take and make values of a type where nothing else is said: activations
 * BLOCKED, per-channel values VECTOR, weights (4 dimensions, no batch) in the layout given, scalars,
 * labels and all else plain. */
struct form form_usual(const struct type *t, enum ftmrt_layout weight);

/* Whether a value of the type is a layer's weight, whose layout follows from the kernels it serves. */
bool form_is_weight(const struct type *t);

/* Bytes of a value of the shape (its batch a number) in the form. */
uint64_t form_bytes(struct form form, const struct shape *s);

/* Bytes of a node's value at the greatest batch of its function. */
uint64_t form_value_bytes(const struct graph *g, const struct node *n);

/* Bytes from the start of a packed value to one of its parts, at the greatest batch of its function;
 * of the part behind the last one: all of them. Parts begin at multiples of 64 bytes. */
uint64_t form_part_offset(const struct graph *g, const struct node *packed, uint32_t part);

#endif
