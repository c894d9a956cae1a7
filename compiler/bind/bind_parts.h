/* Inner parts of binding weights: parameters and keys. bind.h has the public side. */
#ifndef FTM_BIND_BIND_PARTS_H
#define FTM_BIND_BIND_PARTS_H

#include "bind.h"

struct map;

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

/* ---- trained files ---- */

/* How the classes of a trained file stand to the recipe's: names, which are numbers where there are none. */
struct class_rows {
    layer_id
        layer; /* the last with parameters before the first output, which has a row for each; LAYER_NONE: several are */
    layer_id
        scale; /* behind it, of a number for each output (targets = standardize); LAYER_NONE: there is none */
    bool same;                   /* both lists are the same, in their order */
    bool by_name;                /* rows of the layer can be taken by the names that both have */
    uint32_t here, there, taken; /* classes of the recipe, of the file, of both */
    int64_t *from;               /* [here]: the file's row, or -1 */
    VEC(const char *) new_names, lost_names; /* only in the recipe, only in the file */
};

struct class_rows *bind_class_rows(struct arena *arena, const struct net *net,
                                   const struct recipe *r, const char *classes);

/* Whether a layer is one of the two. */
bool bind_is_row_layer(const struct class_rows *rows, layer_id layer);

/* Whether a parameter's rows are to be taken by name out of a tensor, which has the file's classes and fits otherwise: the lists differ, or the
 * room for more of them does (layer_capacity). */
bool bind_rows_fit(const struct class_rows *rows, const struct net_param *p,
                   const struct weight_tensor *t);

/* The parameter's tensor of rows by name, in F32: new classes have the initial values of the seed, as the state would without a
 * file. state: its name in files. */
struct weight_tensor bind_take_rows(struct arena *arena, const struct class_rows *rows,
                                    const struct net_param *p, const struct weight_tensor *t,
                                    const char *state, uint64_t seed);

/* Decides for each added layer whether it is taken from the trained file that b has, and makes b's rows and notes; of the rest
 * the parameters stay fresh. tensors: the file's, by the network's names. Warns of added layers whose place the file has
 * trained tensors for. */
void bind_take_up(struct arena *arena, struct diag *diag, const struct net *net,
                  const struct recipe *r, const struct map *tensors, struct binding *b);

/* Whether a trained file's recipe had added the layer of a parameter, as far as the file says it. */
bool bind_was_added(struct arena *arena, const struct binding *b, const char *param);

/* Whether the layers that have a capacity may have it. */
bool bind_check_capacity(struct arena *arena, struct diag *diag, const struct recipe *r,
                         const struct program_model *m);

/* Whether all parameters, and all rows, are a trained file's. */
bool bind_all_trained(const struct binding *b);

/* The last map of a function that its output is made of: a value [N, C, H, W] of several places, whose places are those of the image, as
 * convolutions, pooling and what works element by element leave them. VALUE_NONE: there is none. */
value_id last_map(struct arena *arena, const struct graph *g, value_id output);

/* "a, b and c"; of many the first ones, and how many more. */
const char *bind_name_list(struct arena *arena, const char *const *names, uint32_t count);

/* Parameters of all live layers, in the order of the layers, without sources. */
void bind_list_params(struct arena *arena, const struct net *net, struct binding *b);

#endif
