/* Inner parts of binding weights: parameters and keys. bind.h has the public side. */
#ifndef FTM_BIND_BIND_PARTS_H
#define FTM_BIND_BIND_PARTS_H

#include "bind.h"

/* A tensor's key as the net sees it. */
struct bind_key {
    const char *name; /* after strip and rename */
    bool skipped;
};

/* Applies strip, rename and skip to every tensor; keys has an element per tensor. false after
 * reports: a pattern that matches nothing, an unknown placeholder, two tensors of one name. */
bool bind_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
               const struct weights *w, struct bind_key *keys);

/* Applies one renaming to a key: the new key, or NULL if the pattern does not match the key or a
 * layer above it. A {name} matches one or more characters without a dot; in `to` it stands for what
 * it matched. */
const char *bind_rename(struct arena *arena, const char *from, const char *to, const char *key);

/* A name in `to` that is not a placeholder of `from`, or another defect of the two patterns; NULL:
 * none. */
const char *bind_rename_defect(struct arena *arena, const char *from, const char *to);

/* Parameters of all live layers, in the order of the layers, without sources. */
void bind_list_params(struct arena *arena, const struct net *net, struct binding *b);

#endif
