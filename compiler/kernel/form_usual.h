/* The forms that kernels use where nothing else is said, and the bytes that values take in the plan. */
#ifndef FTM_KERNEL_FORM_USUAL_H
#define FTM_KERNEL_FORM_USUAL_H

#include "graph.h"

/* The form in which kernels take and make values of a type where nothing else is said: activations
 * BLOCKED, per-channel values VECTOR, weights (4 dimensions, no batch) in the layout given, scalars,
 * labels and all else plain; stored as their type. */
struct form form_usual(const struct type *t, enum ftmrt_layout weight);

/* Whether a value of the type is a layer's weight, whose layout follows from the kernels it serves. */
bool form_is_weight(const struct type *t);

/* Bytes of a node's value at the greatest batch of its function. */
uint64_t form_value_bytes(const struct graph *g, const struct node *n);

/* Bytes from the start of a packed value to one of its parts, at the greatest batch of its function;
 * of the part behind the last one: all of them. Parts begin at multiples of 64 bytes. */
uint64_t form_part_offset(const struct graph *g, const struct node *packed, uint32_t part);

#endif
