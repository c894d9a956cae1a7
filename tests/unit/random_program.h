/* Random programs as the front lowers them, for tests of passes, schedule and kernels: a small
 * network of random layers with random freezing, as functions predict, eval and train. One seed,
 * one program.
 *
 * random_run() interprets a function on data that depend on the seed and on names only, so that a
 * program can be compared with what passes made of it. */
#ifndef FTM_TESTS_RANDOM_PROGRAM_H
#define FTM_TESTS_RANDOM_PROGRAM_H

#include <math.h>
#include <string.h>

#include "graph.h"
#include "interp.h"
#include "str.h"

struct random_source {
    uint64_t state;
};

static inline uint64_t random_next(struct random_source *r)
{
    r->state += 0x9E3779B97F4A7C15U; /* splitmix64: Steele et al., OOPSLA 2014 */
    uint64_t z = r->state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27) * 0x94D049BB133111EBU;
    return z ^ z >> 31;
}

static inline int64_t random_below(struct random_source *r, int64_t n)
{
    return (int64_t)(random_next(r) % (uint64_t)n);
}

/* In [-1, 1). */
static inline double random_value(struct random_source *r)
{
    return (double)(random_next(r) >> 11) / 4503599627370496.0 - 1.0;
}

/* ---- the network ---- */

enum random_kind {
    RANDOM_CONV,
    RANDOM_DEPTHWISE,
    RANDOM_BATCH_NORM,
    RANDOM_RELU,
    RANDOM_RELU6,
    RANDOM_SAVE,
    RANDOM_ADD,
    RANDOM_MAX_POOL,
    RANDOM_GLOBAL_POOL,
    RANDOM_FLATTEN,
    RANDOM_LINEAR
};

struct random_layer {
    enum random_kind kind;
    struct attrs attrs;
    uint32_t state; /* of the first parameter; the others follow */
    bool bias, trainable;
};

struct random_network {
    struct program *program;
    struct random_source r;
    struct random_layer layers[48];
    uint32_t count;
    int64_t channels, height, width, classes;
    struct shape saved;
    int64_t image[3];
};

static inline uint32_t random_state(struct random_network *n, const char *leaf,
                                    enum ftmrt_state_kind kind, enum ftmrt_dtype dtype,
                                    struct shape shape, bool trainable)
{
    struct state s = {.kind = kind,
                      .type = {dtype, shape},
                      .file_shape = shape,
                      .trainable = trainable,
                      .source = -1,
                      .init = FTMRT_INIT_DEFAULT,
                      .fan_in = 1,
                      .layer_kind = "layer"};
    s.layer = arena_printf(n->program->arena, "l%u", n->count);
    s.name = arena_printf(n->program->arena, "%s.%s", s.layer, leaf);
    s.mutable = trainable;
    return program_add_state(n->program, s);
}

static inline struct random_layer *random_layer(struct random_network *n, enum random_kind kind)
{
    struct random_layer *l = &n->layers[n->count];
    *l = (struct random_layer){.kind = kind, .trainable = random_below(&n->r, 3) != 0};
    return l;
}

static inline void random_conv(struct random_network *n, bool depthwise)
{
    static const int64_t widths[] = {1, 3, 4, 17, 24};
    struct random_layer *l = random_layer(n, depthwise ? RANDOM_DEPTHWISE : RANDOM_CONV);
    int64_t out = depthwise ? n->channels : widths[random_below(&n->r, 5)];
    int64_t kernel = n->height > 2 && n->width > 2 ? 1 + 2 * random_below(&n->r, 2) : 1;
    int64_t stride = 1 + (random_below(&n->r, 3) == 0), pad = random_below(&n->r, kernel / 2 + 1);
    int64_t extra = pad ? random_below(&n->r, 2) : 0; /* asymmetric, as SAME padding is */
    int64_t groups = depthwise ? n->channels : 1;
    l->attrs = (struct attrs){.stride = {stride, stride},
                              .dilation = {1, 1},
                              .groups = groups,
                              .padding = {pad - extra, pad - extra, pad, pad}};
    l->bias = random_below(&n->r, 2);
    struct shape w = shape_4d(out, n->channels / groups, kernel, kernel);
    l->state = random_state(n, "weight", FTMRT_STATE_PARAMETER, FTMRT_F32, w, l->trainable);
    if (l->bias)
        random_state(n, "bias", FTMRT_STATE_PARAMETER, FTMRT_F32, shape_1d(out), l->trainable);
    n->channels = out;
    n->height = (n->height + 2 * pad - extra - kernel) / stride + 1;
    n->width = (n->width + 2 * pad - extra - kernel) / stride + 1;
    n->count++;
}

static inline void random_batch_norm(struct random_network *n)
{
    struct random_layer *l = random_layer(n, RANDOM_BATCH_NORM);
    struct shape c = shape_1d(n->channels);
    l->attrs = (struct attrs){.eps = 1e-3, .momentum = 0.1};
    l->state = random_state(n, "weight", FTMRT_STATE_PARAMETER, FTMRT_F32, c, l->trainable);
    random_state(n, "bias", FTMRT_STATE_PARAMETER, FTMRT_F32, c, l->trainable);
    random_state(n, "running_mean", FTMRT_STATE_BUFFER, FTMRT_F32, c, false);
    random_state(n, "running_var", FTMRT_STATE_BUFFER, FTMRT_F32, c, false);
    random_state(n, "num_batches_tracked", FTMRT_STATE_BUFFER, FTMRT_I64, shape_scalar(), false);
    n->count++;
}

static inline void random_linear(struct random_network *n, int64_t in, int64_t out)
{
    struct random_layer *l = random_layer(n, RANDOM_LINEAR);
    l->bias = random_below(&n->r, 2);
    l->state = random_state(n, "weight", FTMRT_STATE_PARAMETER, FTMRT_F32, shape_2d(out, in),
                            l->trainable);
    if (l->bias)
        random_state(n, "bias", FTMRT_STATE_PARAMETER, FTMRT_F32, shape_1d(out), l->trainable);
    n->count++;
}

static inline void random_simple(struct random_network *n, enum random_kind kind)
{
    random_layer(n, kind);
    n->count++;
}

static inline void random_pool(struct random_network *n)
{
    struct random_layer *l = random_layer(n, RANDOM_MAX_POOL);
    int64_t pad = random_below(&n->r, 2);
    l->attrs = (struct attrs){
        .kernel = {2 + pad, 2 + pad}, .stride = {2, 2}, .padding = {pad, pad, pad, pad}};
    n->height = (n->height + pad - 2) / 2 + 1;
    n->width = (n->width + pad - 2) / 2 + 1;
    n->count++;
}

static inline bool random_same_as_saved(const struct random_network *n)
{
    struct shape now = shape_4d(DIM_BATCH, n->channels, n->height, n->width);
    return n->saved.rank && shape_equal(&n->saved, &now);
}

static inline void random_body_layer(struct random_network *n)
{
    switch (random_below(&n->r, 8)) {
    case 0:
    case 1: random_conv(n, false); break;
    case 2: random_conv(n, true); break;
    case 3: random_batch_norm(n); break;
    case 4: random_simple(n, random_below(&n->r, 2) ? RANDOM_RELU : RANDOM_RELU6); break;
    case 5:
        n->saved = shape_4d(DIM_BATCH, n->channels, n->height, n->width);
        random_simple(n, RANDOM_SAVE);
        break;
    case 6:
        if (random_same_as_saved(n))
            random_simple(n, RANDOM_ADD);
        break;
    default:
        if (n->height >= 3 && n->width >= 3)
            random_pool(n);
    }
}

static inline void random_head(struct random_network *n)
{
    if (random_below(&n->r, 2)) {
        random_simple(n, RANDOM_GLOBAL_POOL);
        n->height = n->width = 1;
    }
    random_simple(n, RANDOM_FLATTEN);
    int64_t features = n->channels * n->height * n->width;
    if (random_below(&n->r, 2)) {
        random_linear(n, features, 18);
        random_simple(n, RANDOM_RELU);
        features = 18;
    }
    random_linear(n, features, n->classes);
    n->layers[n->count - 1].trainable = true;
    n->program->states.at[n->layers[n->count - 1].state].trainable = true;
    n->program->states.at[n->layers[n->count - 1].state].mutable = true;
}

/* ---- functions ---- */

static inline value_id random_bias(struct graph *g, const struct random_layer *l, value_id y)
{
    return l->bias ? graph_op(g, OP_bias_add, NULL, y, graph_state(g, l->state + 1)) : y;
}

static inline value_id random_norm(struct graph *g, const struct random_layer *l, value_id x)
{
    struct attrs a = l->attrs;
    a.training = g->kind == FTMRT_ENTRY_TRAIN && l->trainable;
    if (a.training) {
        graph_op(g, OP_count_update, NULL, graph_state(g, l->state + 4));
        for (uint32_t i = 2; i < 5; i++)
            g->program->states.at[l->state + i].mutable = true;
    }
    return graph_op(g, OP_batch_norm, &a, x, graph_state(g, l->state), graph_state(g, l->state + 1),
                    graph_state(g, l->state + 2), graph_state(g, l->state + 3));
}

static inline value_id random_apply(struct graph *g, const struct random_layer *l, value_id x,
                                    value_id *saved)
{
    switch (l->kind) {
    case RANDOM_CONV:
    case RANDOM_DEPTHWISE:
        return random_bias(g, l, graph_op(g, OP_conv2d, &l->attrs, x, graph_state(g, l->state)));
    case RANDOM_BATCH_NORM: return random_norm(g, l, x);
    case RANDOM_RELU: return graph_op(g, OP_relu, NULL, x);
    case RANDOM_RELU6: return graph_op(g, OP_relu6, NULL, x);
    case RANDOM_SAVE: return *saved = x;
    case RANDOM_ADD: return graph_op(g, OP_add, NULL, x, *saved);
    case RANDOM_MAX_POOL: return graph_op(g, OP_max_pool, &l->attrs, x);
    case RANDOM_GLOBAL_POOL: return graph_op(g, OP_global_avg_pool, NULL, x);
    case RANDOM_FLATTEN: return graph_op(g, OP_flatten, NULL, x);
    case RANDOM_LINEAR:
        return random_bias(g, l, graph_op(g, OP_linear, NULL, x, graph_state(g, l->state)));
    }
    return x;
}

static inline void random_function(struct random_network *n, const char *name, bool loss,
                                   bool training)
{
    struct graph *g =
        program_add_function(n->program, name, training ? FTMRT_ENTRY_TRAIN : FTMRT_ENTRY_PREDICT);
    struct type image = {FTMRT_F32, shape_4d(DIM_BATCH, n->image[0], n->image[1], n->image[2])};
    value_id x = graph_input(g, "image", image), saved = x, label = x;
    if (loss)
        label = graph_input(g, "label", (struct type){FTMRT_I32, shape_1d(DIM_BATCH)});
    if (training) {
        graph_input(g, "lr", (struct type){FTMRT_F32, shape_scalar()});
        graph_input(g, "momentum", (struct type){FTMRT_F32, shape_scalar()});
        graph_input(g, "weight_decay", (struct type){FTMRT_F32, shape_scalar()});
    }
    for (uint32_t i = 0; i < n->count; i++)
        x = random_apply(g, &n->layers[i], x, &saved);
    struct attrs a = {.label_smoothing = 0.1};
    if (loss)
        graph_output(g, "loss", graph_op(g, OP_cross_entropy, &a, x, label));
    graph_output(g, "logits", x);
    graph_sort(g);
}

/* A program of up to `depth` body layers and a head. */
static inline struct program *random_program(struct arena *arena, struct diag *diag, uint64_t seed,
                                             int64_t depth)
{
    static const int64_t channels[] = {1, 3, 5, 17};
    struct random_network n = {
        .program = program_new(arena, diag, "random", 5), .r = {seed * 7919 + 1}, .classes = 7};
    n.program->shards = 4;
    struct optimizer *o = &n.program->optimizer;
    o->op = OP_sgd;
    o->values[1] = random_below(&n.r, 2) ? 0.9 : 0;
    o->attrs.nesterov = o->values[1] > 0 && random_below(&n.r, 2);
    n.channels = n.image[0] = channels[random_below(&n.r, 4)];
    n.height = n.image[1] = 4 + random_below(&n.r, 6);
    n.width = n.image[2] = 4 + random_below(&n.r, 6);
    for (int64_t i = 0; i < depth; i++)
        random_body_layer(&n);
    random_head(&n);
    random_function(&n, "predict", false, false);
    random_function(&n, "eval", true, false);
    random_function(&n, "train", true, true);
    return n.program;
}

/* ---- data ---- */

static inline uint64_t random_name_seed(const char *name) { return ftmrt_name_hash(name); }

/* Fills the states of an interpreter from their names: variances positive, counters and slots
 * zero. */
static inline void random_states(struct interp *in)
{
    for (uint32_t i = 0; i < in->program->states.len; i++) {
        const struct state *s = &in->program->states.at[i];
        struct random_source r = {random_name_seed(s->name)};
        int64_t count = shape_elements(&s->type.shape, 1);
        for (int64_t k = 0; k < count; k++) {
            double v = random_value(&r);
            if (str_ends_with(s->name, "running_var"))
                v = 0.5 + fabs(v);
            if (str_ends_with(s->name, ".weight") && s->type.shape.rank == 1)
                v = 1 + 0.3 * v;
            bool zero = s->kind == FTMRT_STATE_SLOT || s->type.dtype != FTMRT_F32;
            in->states[i].data[k] = zero ? 0 : (double)(float)v;
        }
    }
}

static inline struct tensor random_tensor(struct arena *a, const struct node *input, int64_t n)
{
    struct random_source r = {random_name_seed(input->attrs->label)};
    struct tensor t = {.shape = input->type.shape};
    if (shape_batched(&t.shape))
        t.shape.dim[0] = n;
    int64_t count = shape_elements(&t.shape, n);
    t.data = arena_array(a, double, count);
    for (int64_t k = 0; k < count; k++)
        t.data[k] = input->type.dtype == FTMRT_I32 ? (double)random_below(&r, 7)
                                                   : (double)(float)random_value(&r);
    if (strcmp(input->attrs->label, "lr") == 0)
        t.data[0] = 0.125;
    if (strcmp(input->attrs->label, "momentum") == 0)
        t.data[0] = 0.75;
    if (strcmp(input->attrs->label, "weight_decay") == 0)
        t.data[0] = 0.0625;
    return t;
}

/* The inputs of a function by name of each; the caller may change them. Returns how many. */
static inline uint32_t random_inputs(struct arena *a, const struct graph *g, int64_t n,
                                     struct tensor *inputs)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < g->nodes.len; i++)
        if (!g->nodes.at[i].dead && g->nodes.at[i].op == OP_input)
            inputs[count++] = random_tensor(a, &g->nodes.at[i], n);
    return count;
}

/* Interprets a function on the standard data; outputs[i] as in g->outputs. */
static inline void random_run(struct interp *in, struct arena *a, const struct graph *g, int64_t n,
                              struct tensor *outputs)
{
    struct tensor inputs[8];
    random_inputs(a, g, n, inputs);
    interp_run(in, a, g, n, inputs, outputs, NULL);
}

#endif
