/* The form of a value: how its elements are ordered in memory, and as what they are stored there.
 *
 * Types are logical; rules of ops, the interpreter and shapes never look at a form. A value is stored as its type where
 * nothing else is said; that no other stored type is computed with is the verifier's rule. */
#ifndef FTM_GRAPH_FORM_H
#define FTM_GRAPH_FORM_H

#include "shape.h"

struct form {
    enum ftmrt_layout layout;
    enum ftmrt_dtype stored;
};

/* Row-major, stored as the type: what a value has before the layout pass. */
struct form form_plain(const struct type *t);

static inline bool form_equal(struct form a, struct form b)
{
    return a.layout == b.layout && a.stored == b.stored;
}

/* Whether values of a type can have the form (layout.def). */
bool form_fits(struct form form, const struct type *t);

/* Elements in memory of a value of the shape (its batch a number), padding included; and bytes. */
int64_t form_elements(struct form form, const struct shape *s);
uint64_t form_bytes(struct form form, const struct shape *s);

#endif
