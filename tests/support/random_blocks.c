/* Blocks of random networks beyond those of random_graph.c, whose draws are kept: a new op gets a
 * function and a row here. */
#include "net_builder.h"
#include "random_draw.h"
#include "resample.h"

/* x + x: one value as both operands. */
static value_id doubled(struct draw *d, value_id x)
{
    return activation(d, graph_op(d->g, OP_add, NULL, x, x));
}

/* x + max_pool(x), a pool that keeps the size. */
static value_id pooled_residual(struct draw *d, value_id x)
{
    int64_t k = draw(d, 0, 2);
    struct attrs a = {.kernel = {2 * k + 1, 3}, .stride = {1, 1}, .padding = {k, 1, k, 1}};
    return graph_op(d->g, OP_add, NULL, graph_op(d->g, OP_max_pool, &a, x), x);
}

static value_id smooth(struct draw *d, value_id x)
{
    static const enum op ops[] = {OP_sigmoid, OP_silu, OP_gelu, OP_gelu};
    int64_t kind = draw(d, 0, 3);
    struct attrs a = {.approximate = kind == 3};
    return graph_op(d->g, ops[kind], &a, x);
}

/* x * sigmoid(f(mean of x over the map)): Hu et al., Squeeze-and-Excitation Networks (CVPR 2018). */
static value_id squeeze_excite(struct draw *d, value_id x)
{
    struct net_conv c = {.out = graph_shape(d->g, x)->dim[1]};
    bool trainable = draw_trainable(d);
    value_id y = graph_op(d->g, OP_global_avg_pool, NULL, x);
    y = net_conv2d(d->g, layer_name(d, "excite", 0), y, &c, trainable);
    return graph_op(d->g, OP_mul, NULL, x, graph_op(d->g, OP_sigmoid, NULL, y));
}

/* x * sigmoid(f(x)), f a convolution to one channel. */
static value_id spatial_gate(struct draw *d, value_id x)
{
    struct net_conv c = {.out = 1, .kernel = {3, 3}, .padding = {1, 1, 1, 1}};
    value_id y = net_conv2d(d->g, layer_name(d, "gate", 0), x, &c, draw_trainable(d));
    return graph_op(d->g, OP_mul, NULL, x, graph_op(d->g, OP_sigmoid, NULL, y));
}

/* x * f(x): a product of two maps of one size. */
static value_id gated(struct draw *d, value_id x)
{
    return graph_op(d->g, OP_mul, NULL, x, smooth(d, x));
}

static value_id averaged(struct draw *d, value_id x)
{
    struct attrs a = {.kernel = {3, 2}, .stride = {1, draw(d, 1, 2)}, .padding = {1, 1, 1, 0}};
    a.count_include_pad = chance(d, 50);
    return graph_op(d->g, OP_avg_pool, &a, x);
}

static value_id adapted(struct draw *d, value_id x)
{
    const struct shape *in = graph_shape(d->g, x);
    struct attrs a = {.size = {draw(d, 1, in->dim[2] + 1), draw(d, 1, in->dim[3] + 1)}};
    return graph_op(d->g, chance(d, 30) ? OP_adaptive_max_pool : OP_adaptive_avg_pool, &a, x);
}

/* Windows that may reach over the end, and dilated ones. */
static value_id pooled(struct draw *d, value_id x)
{
    struct attrs a = {.kernel = {draw(d, 1, 3), 2},
                      .stride = {draw(d, 1, 3), draw(d, 1, 2)},
                      .dilation = {1, draw(d, 1, 2)},
                      .padding = {0, 1, 0, 1},
                      .ceil_mode = true};
    const int64_t height = graph_shape(d->g, x)->dim[2], width = graph_shape(d->g, x)->dim[3];
    a.kernel[0] = a.kernel[0] < height ? a.kernel[0] : height;
    a.dilation[1] = a.dilation[1] < width ? a.dilation[1] : width; /* else padding alone */
    if (chance(d, 50))
        return graph_op(d->g, OP_max_pool, &a, x);
    a.dilation[1] = 1;
    a.count_include_pad = chance(d, 50);
    a.divisor_override = chance(d, 30) ? 3 : 0;
    return graph_op(d->g, OP_avg_pool, &a, x);
}

/* A map of few places made larger. */
static value_id enlarged(struct draw *d, value_id x)
{
    const struct shape *in = graph_shape(d->g, x);
    struct attrs a = {.scale_factor = {(double)draw(d, 1, 3), (double)draw(d, 1, 2)}};
    return in->dim[2] * in->dim[3] > 64 ? x : graph_op(d->g, OP_interpolate, &a, x);
}

/* A map at any other size, by each rule. */
static value_id resized(struct draw *d, value_id x)
{
    struct attrs a = {.size = {draw(d, 1, 9), draw(d, 1, 9)},
                      .mode = draw(d, INTERPOLATE_NEAREST, INTERPOLATE_BILINEAR),
                      .align_corners = chance(d, 50)};
    return graph_op(d->g, OP_interpolate, &a, x);
}

/* Places around a map, as many as there may be where it is mirrored. */
static value_id padded(struct draw *d, value_id x)
{
    const struct shape *in = graph_shape(d->g, x);
    struct attrs a = {.mode = draw(d, PAD_CONSTANT, PAD_REPLICATE),
                      .value = chance(d, 50) ? 0.75 : 0};
    for (int i = 0; i < 4; i++) {
        const int64_t most = in->dim[2 + i % 2] - 1;
        a.padding[i] = draw(d, 0, most < 2 ? most : 2);
    }
    return graph_op(d->g, OP_pad, &a, x);
}

/* Two or three maps one behind the other, whose channels do not end at a block's edge. */
static value_id joined(struct draw *d, value_id x)
{
    bool three = chance(d, 50);
    value_id y = activation(d, x), z = smooth(d, x);
    if (graph_shape(d->g, x)->dim[1] > 24)
        return graph_op(d->g, OP_add, NULL, y, z);
    return three ? graph_op(d->g, OP_concat, &(struct attrs){.dim = 1}, x, y, z)
                 : graph_op(d->g, OP_concat, &(struct attrs){.dim = 1}, z, x);
}

/* Channels to places, or places to channels, where they divide. */
static value_id shuffled(struct draw *d, value_id x)
{
    const struct shape *s = graph_shape(d->g, x);
    const struct attrs two = {.upscale_factor = 2, .downscale_factor = 2};
    if (s->dim[1] % 4 == 0 && s->dim[2] * s->dim[3] <= 64)
        return graph_op(d->g, OP_pixel_shuffle, &two, x);
    if (s->dim[2] % 2 == 0 && s->dim[3] % 2 == 0 && s->dim[1] <= 8)
        return graph_op(d->g, OP_pixel_unshuffle, &two, x);
    return activation(d, x);
}

/* A transposed convolution, of one group, of some or of one for each channel. */
static value_id transposed(struct draw *d, value_id x)
{
    const struct shape *s = graph_shape(d->g, x);
    const int64_t in = s->dim[1], stride = s->dim[2] * s->dim[3] > 64 ? 1 : 2;
    int64_t groups = chance(d, 20) ? in : draw(d, 1, 3);
    while (in % groups != 0)
        groups--;
    const int64_t out = groups == in ? 1 : draw(d, 1, 9);
    const struct attrs a = {.stride = {stride, 1},
                            .padding = {1, 0, 1, 0},
                            .dilation = {1, 1},
                            .groups = groups,
                            .in_size = {s->dim[2] * stride, s->dim[3] + 1}};
    value_id w = net_parameter(d->g, layer_name(d, "transposed", 0), shape_4d(in, out, 3, 2),
                               draw_trainable(d));
    return activation(d, graph_op(d->g, OP_conv2d_grad_input, &a, x, w));
}

/* Rows or columns in another order: some taken out and put behind. */
static value_id turned(struct draw *d, value_id x)
{
    const int64_t dim = draw(d, 2, 3), size = graph_shape(d->g, x)->dim[dim];
    const struct attrs first = {.dim = dim, .length = draw(d, 1, size)},
                       last = {.dim = dim, .start = draw(d, 0, size - 1), .length = 1};
    value_id y = smooth(d, graph_op(d->g, OP_narrow, &last, x));
    return graph_op(d->g, OP_concat, &last, y, graph_op(d->g, OP_narrow, &first, x));
}

/* The channels cut into two or three parts, put together otherwise; one may be dropped. */
static value_id cut(struct draw *d, value_id x)
{
    int64_t channels = graph_shape(d->g, x)->dim[1], *sizes;
    if (channels < 3)
        return activation(d, x);
    sizes = arena_array(d->g->program->arena, int64_t, 3);
    sizes[0] = draw(d, 1, channels - 2);
    sizes[1] = draw(d, 1, channels - sizes[0] - 1);
    sizes[2] = channels - sizes[0] - sizes[1];
    const struct attrs a = {.sizes = {3, sizes}};
    value_id y = graph_op(d->g, OP_split, &a, x), part[3];
    for (uint32_t i = 0; i < 3; i++)
        part[i] = graph_op(d->g, OP_part, &(struct attrs){.index = i}, y);
    value_id first = smooth(d, part[0]);
    if (chance(d, 30))
        return graph_op(d->g, OP_concat, &(struct attrs){.dim = 1}, part[2], first);
    return graph_op(d->g, OP_concat, &(struct attrs){.dim = 1}, part[1], activation(d, part[2]),
                    first);
}

/* A convolution of few groups. */
static value_id grouped(struct draw *d, value_id x)
{
    int64_t channels = graph_shape(d->g, x)->dim[1], groups = draw(d, 2, 4);
    while (channels % groups != 0)
        groups--;
    struct net_conv c = {
        .out = groups * draw(d, 1, 9), .kernel = {3, 1}, .padding = {1, 0, 1, 0}, .groups = groups};
    return activation(d, net_conv2d(d->g, layer_name(d, "grouped", 0), x, &c, draw_trainable(d)));
}

/* A convolution whose weight is w + s a b: Hu et al., LoRA (2022). */
static value_id low_rank(struct draw *d, value_id x)
{
    int64_t in = graph_shape(d->g, x)->dim[1], rank = draw(d, 1, 4);
    bool depthwise = chance(d, 30), frozen = chance(d, 50);
    int64_t out = depthwise ? in : draw_channels(d);
    const struct attrs kernel = {.shape = shape_4d(out, depthwise ? 1 : in, 3, 1)};
    const struct attrs a = {.stride = {1, 1},
                            .dilation = {1, 1},
                            .padding = {1, 0, 1, 0},
                            .groups = depthwise ? in : 1};
    value_id w = net_parameter(d->g, layer_name(d, "adapted", 0), kernel.shape,
                               draw_trainable(d) && !frozen);
    value_id down = net_parameter(d->g, layer_name(d, "lora_a", 0), shape_2d(out, rank),
                                  draw_trainable(d)),
             up = net_parameter(d->g, layer_name(d, "lora_b", 0),
                                shape_2d(rank, 3 * kernel.shape.dim[1]), draw_trainable(d));
    value_id s = graph_constant(d->g, 0.5, (struct type){FTMRT_F32, shape_scalar()});
    value_id product = graph_op(d->g, OP_matmul, NULL, down, up);
    product = graph_op(d->g, OP_reshape, &kernel, graph_op(d->g, OP_mul, NULL, product, s));
    w = graph_op(d->g, OP_add, NULL, w, product);
    return activation(d, graph_op(d->g, OP_conv2d, &a, x, w));
}

/* The same beside the convolution, not in its weight: what `adapt` builds. All of it frozen, it is one layer. */
static value_id low_rank_beside(struct draw *d, value_id x)
{
    const bool trains = chance(d, 40), number = chance(d, 60), behind = chance(d, 30);
    struct net_conv c = {.out = draw_channels(d),
                         .kernel = {draw(d, 1, 3), 1},
                         .stride = {draw(d, 1, 2), 1},
                         .padding = {1, 0, 1, 0}};
    value_id y = net_conv2d(d->g, layer_name(d, "base", 0), x, &c, false);
    if (chance(d, 50))
        y = net_bias(d->g, layer_name(d, "base_bias", 0), y, false);
    const struct net_conv up = {.out = c.out, .kernel = {1, 1}};
    c.out = draw(d, 1, 4);
    value_id z = net_conv2d(d->g, layer_name(d, "down", 0), x, &c, trains);
    if (number)
        z = graph_op(d->g, OP_mul, NULL, z,
                     graph_constant(d->g, 0.5, (struct type){FTMRT_F32, shape_scalar()}));
    z = net_conv2d(d->g, layer_name(d, "up", 0), z, &up, trains);
    return activation(d, behind ? graph_op(d->g, OP_add, NULL, z, y)
                                : graph_op(d->g, OP_add, NULL, y, z));
}

/* Group normalisation with as many groups as come up and divide. */
static value_id group_normed(struct draw *d, value_id x)
{
    int64_t channels = graph_shape(d->g, x)->dim[1];
    struct attrs a = {.groups = draw(d, 1, channels), .eps = 1e-2};
    while (channels % a.groups != 0)
        a.groups--;
    return activation(d, graph_op(d->g, OP_group_norm, &a, x));
}

/* What a parameter of each channel, or of one number, does. */
static value_id with_parameter(struct draw *d, value_id x)
{
    static const enum op ops[] = {OP_add, OP_mul, OP_sub, OP_prelu, OP_prelu};
    const struct attrs number = {.shape = shape_scalar()};
    const bool one = chance(d, 40);
    value_id p = net_parameter(d->g, layer_name(d, "param", 0),
                               shape_1d(one ? 1 : graph_shape(d->g, x)->dim[1]), draw_trainable(d));
    if (one)
        p = graph_op(d->g, OP_reshape, &number, p);
    return graph_op(d->g, ops[draw(d, 0, 4)], NULL, x, p);
}

/* A number less half of x, and that more: constants for each element, and by themselves. */
static value_id beside_numbers(struct draw *d, value_id x)
{
    const struct type number = {FTMRT_F32, shape_scalar()}, each = graph_node(d->g, x)->type;
    const double first = 0.25 * (double)draw(d, 1, 6);
    value_id y = graph_op(d->g, OP_mul, NULL, x, graph_constant(d->g, 0.5, number));
    y = graph_op(d->g, OP_sub, NULL, graph_constant(d->g, first, each), y);
    return graph_op(d->g, OP_add, NULL, y, graph_constant(d->g, 1.5, number));
}

static value_id shares(struct draw *d, value_id x)
{
    return graph_op(d->g, chance(d, 50) ? OP_softmax : OP_log_softmax, NULL, x);
}

/* x less its mean, or its greatest, over some dimensions. */
static value_id centred(struct draw *d, value_id x)
{
    bool over[4] = {false, chance(d, 50), chance(d, 50), chance(d, 50)};
    over[3] = over[3] || (!over[1] && !over[2]);
    value_id mean =
        chance(d, 50) ? sum_over(d->g, x, over, true, true) : max_over(d->g, x, over, true);
    const struct shape *s = graph_shape(d->g, x), *m = graph_shape(d->g, mean);
    const bool map = m->dim[2] == s->dim[2] && m->dim[3] == s->dim[3],
               pixel = m->dim[2] == 1 && m->dim[3] == 1 && m->dim[1] == s->dim[1];
    return map || pixel ? graph_op(d->g, OP_sub, NULL, x, mean) : mean;
}

/* The dimensions of a small map in another order. */
static value_id permuted(struct draw *d, value_id x)
{
    static const int64_t orders[][4] = {{0, 2, 3, 1}, {0, 3, 1, 2}, {0, 1, 3, 2}, {0, 2, 1, 3}};
    const struct shape *in = graph_shape(d->g, x);
    const struct attrs a = {.dims = {4, orders[draw(d, 0, 3)]}};
    return in->dim[1] > 40 ? x : graph_op(d->g, OP_permute, &a, x);
}

static value_id viewed(struct draw *d, value_id x, uint32_t rank, const int64_t *dim)
{
    struct attrs a = {.shape = shape_make(rank, dim)};
    return graph_op(d->g, OP_reshape, &a, x);
}

/* What places have in common, and a mean of all of them by it: attention, with the tangent in the place of a softmax. */
static value_id attended(struct draw *d, value_id x)
{
    const struct shape s = *graph_shape(d->g, x);
    const int64_t places = s.dim[2] * s.dim[3], rows[] = {DIM_BATCH, s.dim[1], places};
    const struct type number = {FTMRT_F32, shape_scalar()};
    struct attrs a = {.groups = s.dim[1] % 2 == 0 ? 2 : 1, .transpose_a = true};
    if (places > 64)
        return activation(d, x);
    value_id value = viewed(d, x, 3, rows);
    value_id y = graph_op(d->g, OP_bmm, &a, viewed(d, smooth(d, x), 3, rows), value);
    a.transpose_a = false;
    a.transpose_b = chance(d, 50);
    y = graph_op(d->g, OP_bmm, &a, value, graph_op(d->g, OP_tanh, NULL, y));
    y = graph_op(d->g, OP_mul, NULL, y, graph_constant(d->g, 1 / (double)places, number));
    return viewed(d, y, 4, s.dim);
}

/* Layer normalisation, with or without parameters. */
static value_id layer_normed(struct draw *d, value_id x)
{
    const struct type channels = {FTMRT_F32, shape_1d(graph_shape(d->g, x)->dim[1])};
    const struct attrs a = {.eps = 1e-2};
    value_id weight = graph_constant(d->g, 1, channels), bias = graph_constant(d->g, 0, channels);
    if (chance(d, 70)) {
        const char *name = layer_name(d, "norm", 0);
        weight = net_parameter(d->g, arena_printf(d->g->program->arena, "%s.weight", name),
                               channels.shape, draw_trainable(d));
        bias = net_parameter(d->g, arena_printf(d->g->program->arena, "%s.bias", name),
                             channels.shape, draw_trainable(d));
    }
    return activation(d, graph_op(d->g, OP_layer_norm, &a, x, weight, bias));
}

static value_id pointwise(struct draw *d, value_id x)
{
    static const struct {
        enum op op;
        struct attrs attrs;
    } ops[] = {
        {OP_sigmoid, {.value = 0}},
        {OP_hardswish, {.value = 0}},
        {OP_hardsigmoid, {.value = 0}},
        {OP_tanh, {.value = 0}},
        {OP_leaky_relu, {.negative_slope = 0.2}},
        {OP_elu, {.alpha = 0.5}},
        {OP_softplus, {.beta = 1, .threshold = 20}},
        {OP_hardtanh, {.min_val = -1, .max_val = 3}},
        {OP_mish, {.value = 0}},
        {OP_abs, {.value = 0}},
    };
    const int64_t kind = draw(d, 0, sizeof ops / sizeof *ops - 1);
    return graph_op(d->g, ops[kind].op, &ops[kind].attrs, x);
}

/* What is element-wise at ranks 3 and 5, of activations and of a parameter. */
static value_id other_ranks(struct draw *d, value_id x)
{
    const struct shape s = *graph_shape(d->g, x);
    const int64_t c = s.dim[1], three[] = {DIM_BATCH, c, s.dim[2] * s.dim[3]},
                  five[] = {DIM_BATCH, 1, c, s.dim[2], s.dim[3]}, row[] = {1, c, 1};
    value_id y = viewed(d, x, 3, three);
    y = graph_op(d->g, OP_add, NULL, smooth(d, y), y);
    y = viewed(d, activation(d, viewed(d, y, 5, five)), 4, s.dim);
    value_id scale =
        net_parameter(d->g, layer_name(d, "scale", 0), shape_make(3, row), draw_trainable(d));
    return graph_op(d->g, OP_channel_scale, NULL, y, viewed(d, smooth(d, scale), 1, &c));
}

/* x and a positive value made of it. */
static value_id combined(struct draw *d, value_id x)
{
    static const enum op ops[] = {OP_sub, OP_div, OP_maximum};
    const struct attrs soft = {.beta = 1, .threshold = 20};
    value_id y = graph_op(d->g, OP_softplus, &soft, graph_op(d->g, OP_mul, NULL, x, x));
    return graph_op(d->g, ops[draw(d, 0, sizeof ops / sizeof *ops - 1)], NULL, x, y);
}

/* Of a positive value made of x. */
static value_id powers(struct draw *d, value_id x)
{
    static const struct {
        enum op op;
        struct attrs attrs;
    } ops[] = {
        {OP_log, {.value = 0}},       {OP_sqrt, {.value = 0}},     {OP_pow, {.exponent = 2}},
        {OP_pow, {.exponent = -0.5}}, {OP_pow, {.exponent = 0.7}},
    };
    const struct attrs soft = {.beta = 1, .threshold = 20};
    const int64_t kind = draw(d, 0, sizeof ops / sizeof *ops - 1);
    value_id y = graph_op(d->g, OP_softplus, &soft, graph_op(d->g, OP_mul, NULL, x, x));
    return graph_op(d->g, ops[kind].op, &ops[kind].attrs, y);
}

static value_id exponential(struct draw *d, value_id x)
{
    return graph_op(d->g, OP_exp, NULL, graph_op(d->g, OP_tanh, NULL, x));
}

/* One of those that drop. Each has its own number; a predicting or evaluating function has none. */
static value_id dropped(struct draw *d, value_id x)
{
    static const enum op ops[] = {OP_dropout, OP_dropout2d, OP_drop_path};
    const int64_t kind = draw(d, 0, 2), percent = draw(d, 0, 60);
    const struct attrs a = {.p = 0.01 * (double)percent, .layer = (int64_t)d->counter};
    return d->g->kind == FTMRT_ENTRY_TRAIN ? graph_op(d->g, ops[kind], &a, x) : x;
}

/* `pointwise` stands for a dozen ops, so it comes more often. */
static value_id (*const blocks[])(struct draw *d, value_id x) = {
    doubled,     pooled_residual, smooth,         squeeze_excite,  spatial_gate,
    gated,       pooled,          resized,        padded,          transposed,
    shuffled,    turned,          averaged,       adapted,         joined,
    grouped,     group_normed,    enlarged,       pointwise,       pointwise,
    pointwise,   pointwise,       pointwise,      pointwise,       other_ranks,
    cut,         low_rank,        combined,       powers,          dropped,
    exponential, layer_normed,    with_parameter, permuted,        shares,
    centred,     attended,        beside_numbers, low_rank_beside,
};

value_id more_block(struct draw *d, value_id x)
{
    return blocks[draw(d, 0, sizeof blocks / sizeof *blocks - 1)](d, x);
}
