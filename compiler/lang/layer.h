/* What a layer is: the rules that its file layer_<family>.c has beside the row of its call in layers.def.
 *
 * A layer that is an op needs none of this: the row of its call stands with the op's, in ops.def, and its arguments are the
 * op's attributes.
 *
 * A layer whose op has several results (FTM_OP_PARTS) is followed by a layer per result that reads it and takes out that
 * one: the call's value is the list of those. Only they read it. */
#ifndef FTM_LANG_LAYER_H
#define FTM_LANG_LAYER_H

#include "builder.h"

/* ARG_conv2d_out, ...: number of an argument in its call. */
enum {
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help) ARG_##call##_##name,
#define FTM_CALL(name, category, pytorch, help, ...)                ARGS_OF_##name = -1, __VA_ARGS__
#include "layers.def"
};

/* The parameters of a layer while it lists them, in the order of torch.nn. */
struct param_list {
    struct arena *arena;
    const struct layer *layer;
    const struct shape *x; /* of its first input, which has the batch and channels at least */
    VEC(struct layer_param) params;
};

struct layer_rules {
    void (*params)(struct param_list *p); /* NULL: it has none, and needs no label */
    value_id (*lower)(struct layer_site *s);
    int64_t (*work)(const struct layer *l); /* see layer_work(); NULL: none */
    /* What the shape rules do not say, or NULL. false after a report. */
    bool (*check)(struct diag *diag, const struct layer *l, const struct shape *x);
    bool rows_are_outputs; /* see layer_rows_are_outputs() */
    bool
        product; /* its value is the product of its weight with what it reads, and a bias; a row of the weight as a matrix is a channel */
    bool takes_parameters; /* it reads parameters, which have no batch, as it reads values */
    /* Of a layer that acts on the channels of each place, wherever they lie: whether its value is seen with channels last,
     * where x says so of its input. NULL: it reads maps as they are seen. */
    bool (*channels_last)(const struct layer *l, bool x);
};

#define LAYER_ROW_LAYER(name) extern const struct layer_rules rules_##name;
#define LAYER_ROW_INIT(name)
#define LAYER_ROW_ADAPTER(name)
#define FTM_PARAM(call, name, type, value, min, max, pytorch, help)
#define FTM_CALL(name, category, pytorch, help, ...) LAYER_ROW_##category(name)
#include "layers.def"
#undef LAYER_ROW_LAYER
#undef LAYER_ROW_INIT
#undef LAYER_ROW_ADAPTER

/* ---- arguments ---- */

int64_t layer_int(const struct layer *l, uint32_t arg);
bool layer_bool(const struct layer *l, uint32_t arg);
/* Element 0 (height) or 1 (width) of a pair. */
int64_t layer_pair(const struct layer *l, uint32_t arg, int axis);

/* ---- parameters ---- */

/* A weight with the call's initial value, and a bias: 0 beside a weight of its own initial value, else as
 * torch.nn's reset_parameters. Both have the weight's fan-in, the product of its dimensions but the first. */
void param_weight(struct param_list *p, struct shape shape, uint32_t init_arg);
void param_bias(struct param_list *p, int64_t length);
/* Of any shape, with one number as its initial value or one that is drawn. */
void param_free(struct param_list *p, const char *name, struct shape shape, enum ftmrt_init init,
                double init_arg);
/* One value per channel. */
void param_channels(struct param_list *p, const char *name, enum layer_param_kind kind,
                    enum ftmrt_init init);
/* A counter of steps. */
void param_counter(struct param_list *p, const char *name);

/* ---- order of dimensions ---- */

/* For layer_rules.channels_last: as its input. */
bool as_input(const struct layer *l, bool x);
/* A map [N,C,H,W] as it is seen, [N,H,W,C]: a copy, and its shape (layer_permute.c). */
value_id permute_as_seen(struct graph *g, value_id map);
/* A copy in which two dimensions have changed places. */
value_id permute_swapped(struct graph *g, value_id v, int64_t a, int64_t b);
/* A dimension of the layer's first input, which has `rank`, as that lies; below 0 from the end. A number that is none stays one. */
int64_t dimension_as_it_lies(const struct layer *l, int64_t dim, uint32_t rank);
struct shape shape_as_seen(const struct shape *map);

/* ---- nodes ---- */

/* The value of a parameter, by its number. */
value_id site_param(struct layer_site *s, uint32_t i);

/* A node of the layer; VALUE_NONE if an operand is or after a report. */
value_id site_add(struct layer_site *s, enum op op, const struct attrs *attrs,
                  const value_id *inputs, uint32_t count);

/* The arguments that are attributes of an op, by their names. kernel: of the window, where the op has no such attribute,
 * else NULL; `same` padding follows from it and from the input's size: along an axis the result has ceil(in / stride)
 * places, and the odd pixel of padding goes behind (TensorFlow's SAME). */
struct attrs site_attrs(const struct layer_site *s, enum op op, const int64_t kernel[2]);

/* Multiplications of a weight that each element of the result sums over once. */
int64_t work_of_weight(const struct layer *l);

#endif
