/* Literals in text that may become parameters of a class: each is marked with a name that would fit. */
#ifndef FTM_PYTORCH_LITERAL_H
#define FTM_PYTORCH_LITERAL_H

#include "str.h"
#include "vec.h"

struct literal {
    const char *name, *value;
};

typedef VEC(struct literal) literal_list;

/* Appends a value, marked. */
void literal_add(struct strbuf *out, const char *name, const char *value);

/* The text with its literals taken out: what is equal in all instances of a class; and the literals, in order. */
const char *literal_skeleton(struct arena *arena, const char *text, literal_list *literals);

/* The text with literal i written as replacements[i]. */
const char *literal_fill(struct arena *arena, const char *text, const char *const *replacements);

/* The text with the literals' own values. */
const char *literal_plain(struct arena *arena, const char *text);

#endif
