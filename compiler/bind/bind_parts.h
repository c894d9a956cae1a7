/* Inner parts of binding weights: parameters and keys. bind.h has the public side. */
#ifndef FTM_BIND_BIND_PARTS_H
#define FTM_BIND_BIND_PARTS_H

#include "bind.h"

/* A tensor's key as the net sees it. */
struct bind_key {
    const char *name; /* after strip, rename and known renames */
    bool skipped;
};

/* Takes every tensor's name as it is; keys has an element per tensor. */
void bind_own_keys(const struct weights *w, struct bind_key *keys);

/* Applies strip, rename and skip to every tensor; keys has an element per tensor. A pattern sees the file's own names; if
 * none matches, the names without the first known wrapper, then without the second. false after reports: a pattern that
 * matches nothing, an unknown placeholder, two tensors of one name. */
bool bind_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
               const struct weights *w, struct bind_key *keys);

/* A key without its first component, if that is a known wrapper's (known_rename.def); else NULL. */
const char *bind_unwrapped(const char *key);

/* Renames the keys by a known way, if without one a parameter of b finds no tensor of its name and with it all do; b then has
 * the way, and what was done in words. */
void bind_known_names(struct arena *arena, const struct net *net, struct binding *b,
                      struct bind_key *keys);

/* Whether a way has the names of another library, and not of wrappers alone. */
bool bind_by_scheme(const struct naming_way *way);

/* Whether a tensor has a parameter's shape; any does for a counter. folded: another library may cut its rows differently, a
 * linear layer's into channels, height and width. */
bool bind_same_shape(const struct net_param *p, const struct weight_tensor *t, bool folded);

/* Applies one renaming to a key: the new key, or NULL if the pattern does not match the key or a
 * layer above it. A {name} matches one or more characters without a dot, a {**name} also with dots; in
 * `to` it stands for what it matched. */
const char *bind_rename(struct arena *arena, const char *from, const char *to, const char *key);

/* A name in `to` that is not a placeholder of `from`, or another defect of the two patterns; NULL:
 * none. */
const char *bind_rename_defect(struct arena *arena, const char *from, const char *to);

/* Whether a file is what training left of the recipe's own network, by what it says of itself: its classes are the recipe's, in their order,
 * and it has all parameters, those of added layers too, in their shapes. */
bool bind_is_trained_whole(struct arena *arena, const struct recipe *r, const struct weights *w,
                           const struct binding *b);

/* Parameters of all live layers, in the order of the layers, without sources. */
void bind_list_params(struct arena *arena, const struct net *net, struct binding *b);

#endif
