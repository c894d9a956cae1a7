/* Inner parts of binding weights: parameters, keys, data types. front.h has the public side. */
#ifndef FTM_FRONT_BIND_H
#define FTM_FRONT_BIND_H

#include "services.h"

/* A tensor's key as the net sees it. */
struct bind_key {
    const char *name; /* after strip and rename */
    bool skipped;
};

/* Applies strip, rename and skip to every tensor; keys has an element per tensor. false after
 * reports: a pattern that matches nothing, an unknown placeholder, two tensors of one name. */
bool bind_keys(struct arena *arena, struct diag *diag, const struct recipe *r,
               const struct weights *w, struct bind_key *keys);

/* Whether a pattern matches a path or one of the layers above it ("fc" and "fc.*" both match
 * "fc.weight"). */
bool bind_path_match(struct arena *arena, const char *pattern, const char *path);

/* Applies one renaming to a key: the new key, or NULL if the pattern does not match the key or a
 * layer above it. A {name} matches one or more characters without a dot; in `to` it stands for what
 * it matched. */
const char *bind_rename(struct arena *arena, const char *from, const char *to, const char *key);

/* A name in `to` that is not a placeholder of `from`, or another defect of the two patterns; NULL:
 * none. */
const char *bind_rename_defect(struct arena *arena, const char *from, const char *to);

/* Whether values of this type can become f32 parameters or i64 counters. */
bool bind_is_float(enum ftmrt_dtype dtype);
bool bind_is_integer(enum ftmrt_dtype dtype);

/* Values of a float tensor that are not finite as f32. */
int64_t bind_count_not_finite(const struct weight_tensor *t);

int64_t weight_elements(const struct weight_tensor *t);

/* "[64, 3, 7, 7]" of a tensor of the file, whose rank may exceed a shape's. */
const char *weight_shape_text(struct arena *arena, const struct weight_tensor *t);

/* Parameters of all live layers, in the order of the layers, without sources. */
void bind_list_params(struct arena *arena, const struct net *net, struct binding *b);

/* Whether training updates a batch norm's running statistics: it is not frozen in whole, nor are
 * its statistics. */
bool bind_updates_statistics(const struct layer *l);

#endif
