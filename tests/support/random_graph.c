/* The generator draws while it builds: each function is built with the same draws, so all three are
 * one network. A draw never depends on whether the function trains. */
#include "random_graph.h"

#include <string.h>

#include "net_builder.h"
#include "optimizer.h"
#include "random_draw.h"
#include "random_values.h"

struct random_graph_options random_graph_small(void)
{
    return (struct random_graph_options){
        .max_blocks = 5, .max_size = 9, .max_channels = 17, .max_batch = 4};
}

int64_t draw(struct draw *d, int64_t low, int64_t high)
{
    double u = ftmrt_uniform(d->seed, 1, d->counter++, 5);
    return low + (int64_t)(u * (double)(high - low + 1));
}

static int64_t or_else(int64_t option, int64_t value) { return option ? option : value; }

bool chance(struct draw *d, int64_t percent) { return draw(d, 0, 99) < percent; }

int64_t draw_channels(struct draw *d)
{
    static const int64_t some[] = {1, 2, 3, 5, 8, 16, 17, 24, 33, 40}, wide[] = {48, 64, 96, 130};
    if (d->options->max_channels > 40 && chance(d, 40))
        return wide[draw(d, 0, 3)];
    int64_t c = some[draw(d, 0, sizeof some / sizeof *some - 1)];
    return c < d->options->max_channels ? c : d->options->max_channels;
}

static int64_t draw_image_channels(struct draw *d)
{
    int64_t most = or_else(d->options->max_image_channels, 4), c = draw(d, 1, 4);
    return most > 4 && chance(d, 30) ? draw(d, 5, most) : c;
}

const char *layer_name(struct draw *d, const char *kind, int part)
{
    return arena_printf(d->g->program->arena, "%s%u_%d", kind, d->block, part);
}

bool draw_trainable(struct draw *d)
{
    bool most = chance(d, 85);
    return most && d->block >= d->frozen;
}

value_id activation(struct draw *d, value_id x)
{
    int64_t kind = draw(d, 0, 3);
    if (kind == 0)
        return x;
    return graph_op(d->g, kind == 1 ? OP_relu6 : OP_relu, NULL, x);
}

static struct net_conv shrink(struct net_conv c, int axis)
{
    c.kernel[axis] = c.dilation[axis] = 1;
    c.padding[axis] = c.padding[2 + axis] = 0;
    return c;
}

/* Kernel, stride, padding and dilation that fit into a map. */
static struct net_conv draw_window(struct draw *d, const struct shape *x, int64_t max_dilation)
{
    struct net_conv c = {0};
    for (int axis = 0; axis < 2; axis++) {
        int64_t in = x->dim[2 + axis];
        c.kernel[axis] = draw(d, 1, or_else(d->options->max_kernel, 3));
        c.dilation[axis] = draw(d, 1, max_dilation);
        c.stride[axis] = draw(d, 1, or_else(d->options->max_stride, 2));
        c.padding[axis] = draw(d, 0, c.kernel[axis] - 1);
        c.padding[2 + axis] = draw(d, 0, c.kernel[axis] - 1);
        if (in + c.padding[axis] + c.padding[2 + axis] <
            c.dilation[axis] * (c.kernel[axis] - 1) + 1)
            c = shrink(c, axis);
    }
    return c;
}

/* What follows a convolution: bias, batch norm or neither, then maybe an activation. */
static value_id epilogue(struct draw *d, value_id x, int part)
{
    bool bias = chance(d, 40), norm = chance(d, 60), trainable = draw_trainable(d),
         stored = chance(d, 25);
    double eps = chance(d, 50) ? 1e-5 : 1e-3;
    if (bias)
        x = net_bias(d->g, layer_name(d, "conv", part), x, draw_trainable(d));
    if (norm)
        x = net_batch_norm(d->g, layer_name(d, "bn", part), x, eps, trainable,
                           trainable && !stored);
    return activation(d, x);
}

static value_id convolution_block(struct draw *d, value_id x)
{
    const struct shape *in = graph_shape(d->g, x);
    struct net_conv c = draw_window(d, in, 2);
    bool depthwise = chance(d, 35);
    c.out = depthwise ? in->dim[1] : draw_channels(d);
    c.groups = depthwise ? c.out : 1;
    x = net_conv2d(d->g, layer_name(d, "conv", 0), x, &c, draw_trainable(d));
    return epilogue(d, x, 0);
}

static value_id pool_block(struct draw *d, value_id x)
{
    struct net_conv c = draw_window(d, graph_shape(d->g, x), 1);
    struct attrs a = {0};
    memcpy(a.kernel, c.kernel, sizeof a.kernel);
    memcpy(a.stride, c.stride, sizeof a.stride);
    memcpy(a.padding, c.padding, sizeof a.padding);
    return graph_op(d->g, OP_max_pool, &a, x);
}

/* x + f(x), f a convolution that keeps the shape. */
static value_id residual_block(struct draw *d, value_id x)
{
    int64_t k = draw(d, 0, 1);
    struct net_conv c = {
        .out = graph_shape(d->g, x)->dim[1], .kernel = {2 * k + 1, 3}, .padding = {k, 1, k, 1}};
    bool depthwise = chance(d, 40);
    c.groups = depthwise ? c.out : 1;
    value_id y = net_conv2d(d->g, layer_name(d, "conv", 0), x, &c, draw_trainable(d));
    y = graph_op(d->g, OP_add, NULL, epilogue(d, y, 0), x);
    return chance(d, 50) ? graph_op(d->g, OP_relu, NULL, y) : y;
}

/* f(x) + g(x), two convolutions of one kernel but different operands. */
static value_id shortcut_block(struct draw *d, value_id x)
{
    struct net_conv c = draw_window(d, graph_shape(d->g, x), 1);
    c.out = draw_channels(d);
    value_id a = net_conv2d(d->g, layer_name(d, "left", 0), x, &c, draw_trainable(d));
    a = epilogue(d, a, 0);
    value_id b = net_conv2d(d->g, layer_name(d, "right", 1), x, &c, draw_trainable(d));
    if (chance(d, 50))
        b = net_batch_norm(d->g, layer_name(d, "bn", 1), b, 1e-3, draw_trainable(d), false);
    return activation(d, graph_op(d->g, OP_add, NULL, a, b));
}

/* f(f(x)), the same weight twice. */
static value_id repeated_block(struct draw *d, value_id x)
{
    int64_t k = draw(d, 0, 1);
    struct net_conv c = {
        .out = graph_shape(d->g, x)->dim[1], .kernel = {2 * k + 1, 3}, .padding = {k, 1, k, 1}};
    bool trainable = draw_trainable(d), bias = chance(d, 50);
    c.groups = chance(d, 40) ? c.out : 1;
    for (int i = 0; i < 2; i++) {
        x = net_conv2d(d->g, layer_name(d, "conv", 0), x, &c, trainable);
        if (bias)
            x = net_bias(d->g, layer_name(d, "conv", 0), x, trainable);
        x = activation(d, x);
    }
    return x;
}

static value_id block(struct draw *d, value_id x)
{
    if (d->options->more && chance(d, 60))
        return more_block(d, x);
    int64_t kind = draw(d, 0, d->options->joins ? 13 : 9);
    if (kind == 13)
        return repeated_block(d, x);
    if (kind == 12)
        return graph_op(d->g, OP_global_avg_pool, NULL, x);
    if (kind > 9)
        return shortcut_block(d, x);
    return kind < 6 ? convolution_block(d, x) : kind < 8 ? residual_block(d, x) : pool_block(d, x);
}

static int64_t draw_classes(struct draw *d)
{
    static const int64_t many[] = {16, 17, 40, 100};
    int64_t few = draw(d, 2, 11);
    return d->options->joins && chance(d, 30) ? many[draw(d, 0, 3)] : few;
}

static value_id head(struct draw *d, value_id x, int64_t classes)
{
    if (chance(d, 50))
        x = graph_op(d->g, OP_global_avg_pool, NULL, x);
    x = graph_op(d->g, OP_flatten, NULL, x);
    int64_t size = graph_shape(d->g, x)->dim[1];
    if (d->options->joins && size <= 64 && chance(d, 20)) { /* the same weight twice */
        bool trainable = draw_trainable(d);
        x = activation(d, net_linear(d->g, "tied", x, size, trainable));
        x = activation(d, net_linear(d->g, "tied", x, size, trainable));
    }
    if (chance(d, 30)) {
        const bool trainable = draw_trainable(d); /* drawn one by one: arguments have no order */
        x = net_linear(d->g, "hidden", x, draw_channels(d), trainable);
        x = activation(d, net_bias(d->g, "hidden", x, draw_trainable(d)));
    }
    x = net_linear(d->g, "head", x, classes, draw_trainable(d));
    return chance(d, 70) ? net_bias(d->g, "head", x, draw_trainable(d)) : x;
}

/* A class for each place of the map, as in segmentation. */
static value_id map_head(struct draw *d, value_id x)
{
    struct net_conv c = {.out = draw_classes(d)};
    return net_conv2d(d->g, "head", x, &c, draw_trainable(d));
}

/* Fully connected, from an input without a map. */
static value_id perceptron(struct draw *d)
{
    struct type type = {FTMRT_F32, shape_2d(DIM_BATCH, draw_channels(d))};
    value_id x = graph_input(d->g, "image", type);
    d->block = 0;
    d->frozen = (uint32_t)draw(d, 0, 1);
    bool trainable = draw_trainable(d);
    x = net_linear(d->g, "hidden", x, draw_channels(d), trainable);
    x = epilogue(d, x, 0);
    d->block = 1;
    trainable = draw_trainable(d);
    return net_linear(d->g, "head", x, draw_classes(d), trainable);
}

static value_id body(struct draw *d)
{
    if (chance(d, 6))
        return perceptron(d);
    int64_t max = d->options->max_size, blocks = draw(d, 1, d->options->max_blocks);
    int64_t height = draw(d, 1, max), width = draw(d, 1, max), channels = draw_image_channels(d);
    d->frozen = (uint32_t)draw(d, 0, blocks);
    value_id x = net_image(d->g, channels, height, width);
    for (d->block = 0; d->block < blocks; d->block++)
        x = block(d, x);
    if (d->options->more && chance(d, 15))
        return map_head(d, x);
    return head(d, x, draw_classes(d));
}

/* Cross entropy with class weights, and sometimes with a class that is ignored. */
static void weighted_end(struct draw *d, value_id logits, double smoothing)
{
    struct attrs a = {.label_smoothing = smoothing, .ignore_index = NO_IGNORE_INDEX};
    if (chance(d, 50))
        a.ignore_index = draw(d, 0, graph_shape(d->g, logits)->dim[1] - 1);
    net_weighted_loss(d->g, logits, &a);
}

static void add_function(struct program *p, const char *name, uint64_t seed,
                         const struct random_graph_options *options)
{
    struct draw d = {.seed = seed, .options = options};
    d.g = program_add_function(
        p, name, strcmp(name, "train") == 0 ? FTMRT_ENTRY_TRAIN : FTMRT_ENTRY_PREDICT);
    value_id logits = body(&d);
    double smoothing = chance(&d, 30) ? 0.1 : 0;
    if (strcmp(name, "predict") == 0)
        graph_output(d.g, "logits", logits);
    else if (options->more && !options->loss && chance(&d, 30))
        weighted_end(&d, logits, smoothing);
    else
        net_loss_of(d.g, options->loss ? options->loss : OP_cross_entropy, logits, smoothing);
}

/* With and without what is not there where it is 0, and with clipped gradients. */
static struct optimizer other_optimizer(enum op op, uint64_t seed)
{
    const struct optimizer_rule *rule = optimizer_rule(op);
    struct optimizer o = {
        .op = op, .clip_norm = seed % 3 == 0 ? 0.1 : 0, .clip_value = seed % 3 == 1 ? 0.1 : 0};
    const char *const set[] = {"momentum", "dampening"};
    for (unsigned i = 0; i < 2; i++)
        if (optimizer_varies(rule, set[i]) && seed >> i & 1)
            o.values[optimizer_scalar(rule, set[i])] = 0.9;
    o.attrs.amsgrad = o.attrs.centered = seed >> 1 & 1;
    return o;
}

struct program *random_graph(struct arena *arena, struct diag *diag, uint64_t seed,
                             const struct random_graph_options *options)
{
    struct program *p = program_new(arena, diag, "random", options->max_batch);
    p->shards = 4;
    p->optimizer.op = OP_sgd;
    p->optimizer.values[1] = seed % 3 != 0 ? 0.9 : 0;
    p->optimizer.attrs.nesterov = seed % 3 == 2;
    if (options->optimizer)
        p->optimizer = other_optimizer(options->optimizer, seed);
    add_function(p, "predict", seed, options);
    add_function(p, "eval", seed, options);
    add_function(p, "train", seed, options);
    return p;
}

static struct random_graph_options options_of(uint64_t seed)
{
    static const int64_t sizes[] = {3, 7, 12, 20}, batches[] = {1, 2, 3, 4, 5, 8, 9, 19};
    static const int64_t channels[] = {3, 17, 40, 40};
    if (seed % 16 == 15) /* large maps: other tilings, several bands */
        return (struct random_graph_options){.max_blocks = 3,
                                             .max_size = 60,
                                             .max_channels = 130,
                                             .max_batch = 1 + (int64_t)random_pick(seed, 3, 5),
                                             .max_image_channels = 20,
                                             .max_kernel = 5,
                                             .joins = true};
    return (struct random_graph_options){.max_blocks = 2 + (uint32_t)random_pick(seed, 0, 5),
                                         .max_size = sizes[random_pick(seed, 1, 4)],
                                         .max_channels = channels[random_pick(seed, 2, 4)],
                                         .max_batch = batches[random_pick(seed, 3, 8)],
                                         .max_image_channels = 20,
                                         .max_kernel = random_pick(seed, 4, 3) ? 3 : 7,
                                         .max_stride = random_pick(seed, 5, 3) ? 2 : 3,
                                         .joins = true};
}

static struct program *network(struct arena *arena, struct diag *diag, uint64_t seed, bool more,
                               enum op optimizer, enum op loss)
{
    static const int64_t shards[] = {1, 2, 4};
    struct random_graph_options options = options_of(seed);
    options.more = more;
    options.optimizer = optimizer;
    options.loss = loss;
    struct program *p = random_graph(arena, diag, seed, &options);
    p->shards = shards[random_pick(seed, 6, 3)];
    return p;
}

struct program *random_network(struct arena *arena, struct diag *diag, uint64_t seed)
{
    return network(arena, diag, seed, false, OP_input, OP_input);
}

struct program *random_network_more(struct arena *arena, struct diag *diag, uint64_t seed,
                                    enum op optimizer, enum op loss)
{
    return network(arena, diag, seed, true, optimizer, loss);
}
