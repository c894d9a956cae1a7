/* What the files of this folder share while a program is written. */
#ifndef FTM_PYTORCH_WRITER_H
#define FTM_PYTORCH_WRITER_H

#include "map.h"
#include "parts.h"
#include "python.h"
#include "pytorch.h"

/* A module that a block, or the model, becomes. The first is the model. */
struct module_scope {
    const char *path;  /* label of the block's call, "" of the model */
    const char *block; /* its name, or NULL */
    uint32_t parent;
    uint32_t height;               /* of the modules within it, one above another */
    VEC(uint32_t) members;         /* layers of its own, in the network's order */
    VEC(uint32_t) children;        /* modules */
    VEC(uint32_t) inputs;          /* layers outside whose values it reads */
    VEC(uint32_t) outputs;         /* layers in it whose values are read outside */
    VEC(struct module_item) order; /* of what forward calls */
    struct field *fields;          /* its own modules (module_fields.c) */
    const char *call; /* what makes an instance, with literals marked (module_class.h) */
};

/* A layer, or a module called as a whole. */
struct module_item {
    bool is_module;
    uint32_t index; /* of the layer, or of the module */
};

/* How a layer is called. */
struct layer_call {
    const char *callee; /* "nn.Conv2d", "torch.cat", "split" */
    const char
        *inner; /* arguments that are part of its name: "1" of AdaptiveAvgPool2d(1); or NULL */
    const struct part *part; /* that defines it, or NULL */
    bool is_module;          /* an instance is made once and called; else a function */
};

struct writer {
    const struct pytorch_input *in;
    struct arena *arena;
    const struct net *net;
    struct parts parts;
    struct layer_call *calls; /* [layers] */
    uint32_t *scope_of;       /* [layers]: the module that calls it */
    const char **
        fields; /* [layers]: path of what is called, from the model; NULL: a function, or an input */
    VEC(struct module_scope) scopes;
    VEC(struct module_class *) classes; /* each behind those that it uses */
};

static inline const struct layer *writer_layer(const struct writer *w, uint32_t i)
{
    return &w->net->layers.at[i];
}

/* ---- layer_call.c */

/* Finds how each layer is called. false after reports. */
bool find_layer_calls(struct writer *w);
/* "nn.Conv2d(3, 64, kernel_size=7)": makes the instance of a layer, with literals marked. */
const char *layer_constructor(struct writer *w, uint32_t layer);
/* Appends `, dim=1`: the arguments of a function beside what it reads. */
void add_function_arguments(struct strbuf *out, struct writer *w, uint32_t layer);

/* A call of what programs share (calls.def): "torch.optim.SGD(parameters, lr=0.1)"; the part PREFIX_NAME, or what the row says.
 * first: an argument in front, or NULL. NULL after a report. */
const char *shared_call(struct writer *w, const struct ftmrt_call *c, const char *prefix,
                        const char *first);

/* ---- module_scopes.c: which modules there are, and what each calls in which order */
void find_scopes(struct writer *w);

/* ---- module_class.c: makes classes of them, equal ones once */
void make_classes(struct writer *w);
void print_classes(struct strbuf *out, const struct writer *w);

/* ---- module_fields.c: the statements that make a module's own modules, with literals marked */
const char *fields_text(struct writer *w, uint32_t scope);
/* What a path is called within a module: `self.layer1[0].conv1`. */
const char *field_access(struct writer *w, uint32_t scope, const char *path);
/* Whether a module has modules whose names are none in Python, so that they are kept as in a dictionary. */
bool has_odd_fields(struct writer *w, uint32_t scope);

/* ---- module_forward.c: the lines of its forward, with literals marked */
const char *forward_text(struct writer *w, uint32_t scope);

/* ---- frozen.c: what does not train */
void print_frozen(struct strbuf *out, struct writer *w);

/* ---- recipe_python.c: data, transforms, optimizer, loop. false after reports */
bool print_recipe(struct strbuf *out, struct writer *w);

#endif
