/* link: ftm_support ftm_passes ftm_graph */
/* Every gradient rule against finite differences, through the backward pass and the interpreter.
 *
 * One small network per differentiable op of ops.def; an op without one fails. The operand x of the
 * op under test is a trainable 1x1 convolution of an image with at least as many channels as x has
 * values per channel, so that x can move in every direction; behind the op a frozen linear layer
 * and the loss give every element of its result a weight. Then random networks of everything
 * together. Wrong gradients made on purpose must be caught. */
#include "grad_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "net_builder.h"
#include "pass.h"
#include "random_graph.h"
#include "resample.h"

#define GRADIENT_PASSES "freeze,canonicalize,decompose,backward"

static const double tolerance = 1e-6;

enum { BATCH = 2, CHANNELS = 4, HEIGHT = 5, WIDTH = 4 };

/* ---- one op each ---- */

typedef value_id build_fn(struct graph *g, value_id x);

static value_id channel_parameter(struct graph *g, const char *name)
{
    return net_parameter(g, name, shape_1d(CHANNELS), true);
}

static value_id channel_buffer(struct graph *g, const char *name)
{
    return net_state(g, name, FTMRT_STATE_BUFFER, shape_1d(CHANNELS), false);
}

static value_id build_conv2d(struct graph *g, value_id x)
{
    struct net_conv c = {
        .out = 3, .kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0, 2, 1}, .dilation = {1, 2}};
    return net_conv2d(g, "conv", x, &c, true);
}

static value_id build_depthwise(struct graph *g, value_id x)
{
    struct net_conv c = {.out = CHANNELS,
                         .kernel = {3, 3},
                         .stride = {1, 2},
                         .padding = {0, 1, 1, 1},
                         .groups = CHANNELS};
    return net_conv2d(g, "conv", x, &c, true);
}

static value_id build_grouped(struct graph *g, value_id x)
{
    struct net_conv c = {.out = 6, .kernel = {2, 3}, .padding = {1, 1, 0, 1}, .groups = 2};
    return net_conv2d(g, "conv", x, &c, true);
}

static value_id transposed(struct graph *g, value_id x, int64_t out, int64_t groups)
{
    const struct attrs a = {.stride = {2, 1},
                            .padding = {1, 0, 1, 0},
                            .dilation = {1, 2},
                            .groups = groups,
                            .in_size = {2 * HEIGHT, WIDTH + 2}};
    value_id w = net_parameter(g, "w", shape_4d(CHANNELS, out / groups, 3, 2), true);
    return graph_op(g, OP_conv2d_grad_input, &a, x, w);
}

static value_id build_conv_transpose2d(struct graph *g, value_id x)
{
    return transposed(g, x, 3, 1);
}

static value_id build_conv_transpose2d_of_groups(struct graph *g, value_id x)
{
    return transposed(g, x, 6, 2);
}

static value_id build_conv_transpose2d_depthwise(struct graph *g, value_id x)
{
    return transposed(g, x, CHANNELS, CHANNELS);
}

/* w + s a b: the weight is the result of ordinary ops over parameters. */
static value_id build_computed_kernel(struct graph *g, value_id x)
{
    const struct attrs conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1},
                       kernel = {.shape = shape_4d(3, CHANNELS, 2, 2)};
    value_id w = net_parameter(g, "w", kernel.shape, true);
    value_id product = graph_op(g, OP_matmul, NULL, net_parameter(g, "a", shape_2d(3, 2), true),
                                net_parameter(g, "b", shape_2d(2, (int64_t)4 * CHANNELS), true));
    value_id s = graph_constant(g, 0.5, (struct type){FTMRT_F32, shape_scalar()});
    product = graph_op(g, OP_mul, NULL, product, s);
    product = graph_op(g, OP_reshape, &kernel, product);
    return graph_op(g, OP_conv2d, &conv, x, graph_op(g, OP_add, NULL, w, product));
}

static value_id build_computed_matrix(struct graph *g, value_id x)
{
    x = graph_op(g, OP_flatten, NULL, x);
    int64_t size = graph_shape(g, x)->dim[1];
    value_id a = net_parameter(g, "a", shape_2d(2, 6), true);
    value_id product = graph_op(g, OP_matmul, NULL, graph_op(g, OP_transpose, NULL, a),
                                net_parameter(g, "b", shape_2d(2, size), true));
    value_id w = net_parameter(g, "w", shape_2d(6, size), true);
    return graph_op(g, OP_linear, NULL, x, graph_op(g, OP_add, NULL, w, product));
}

static value_id build_linear(struct graph *g, value_id x)
{
    x = net_linear(g, "hidden", graph_op(g, OP_flatten, NULL, x), 7, true);
    return net_linear(g, "linear", x, 6, true);
}

static value_id build_bias_add(struct graph *g, value_id x)
{
    return net_bias(g, "layer", x, true);
}

static value_id build_bn_stored(struct graph *g, value_id x)
{
    return net_batch_norm(g, "bn", x, 1e-2, true, false);
}

static value_id build_bn_scale(struct graph *g, value_id x)
{
    struct attrs a = {.eps = 1e-2};
    value_id s = graph_op(g, OP_bn_scale, &a, channel_parameter(g, "bn.weight"),
                          channel_buffer(g, "bn.running_var"));
    return graph_op(g, OP_channel_scale, NULL, x, s);
}

static value_id build_bn_shift(struct graph *g, value_id x)
{
    value_id s = channel_parameter(g, "bn.s"), bias = channel_parameter(g, "bn.bias");
    value_id t = graph_op(g, OP_bn_shift, NULL, bias, channel_buffer(g, "bn.running_mean"), s);
    return graph_op(g, OP_channel_affine, NULL, x, s, t);
}

static value_id build_channel_affine(struct graph *g, value_id x)
{
    return graph_op(g, OP_channel_affine, NULL, x, channel_parameter(g, "s"),
                    channel_parameter(g, "t"));
}

static value_id build_channel_scale(struct graph *g, value_id x)
{
    return graph_op(g, OP_channel_scale, NULL, x, channel_parameter(g, "s"));
}

static value_id build_bn_apply(struct graph *g, value_id x)
{
    struct attrs a = {.eps = 1e-2};
    value_id stats = graph_op(g, OP_bn_stats, NULL, x);
    return graph_op(g, OP_bn_apply, &a, x, stats, channel_parameter(g, "bn.weight"),
                    channel_parameter(g, "bn.bias"));
}

static value_id build_bn_training(struct graph *g, value_id x)
{
    return net_batch_norm(g, "bn", x, 1e-2, true, true);
}

static value_id build_relu(struct graph *g, value_id x) { return graph_op(g, OP_relu, NULL, x); }

/* Scaled so that some elements are above 6. */
static value_id wider(struct graph *g, value_id x)
{
    struct net_conv c = {.out = 6};
    return net_conv2d(g, "wide0",
                      net_conv2d(g, "wide1", net_conv2d(g, "wide2", x, &c, true), &c, true), &c,
                      true);
}

static value_id build_relu6(struct graph *g, value_id x)
{
    return graph_op(g, OP_relu6, NULL, wider(g, x));
}

static value_id build_add(struct graph *g, value_id x)
{
    struct net_conv c = {.out = CHANNELS, .kernel = {3, 3}, .padding = {1, 1, 1, 1}};
    value_id y = graph_op(g, OP_add, NULL, net_conv2d(g, "conv", x, &c, true), x);
    return graph_op(g, OP_add, NULL, y, y);
}

static value_id build_sigmoid(struct graph *g, value_id x)
{
    return graph_op(g, OP_sigmoid, NULL, x);
}

static value_id build_silu(struct graph *g, value_id x) { return graph_op(g, OP_silu, NULL, x); }

static const struct attrs half = {.p = 0.5, .layer = 2};

static value_id build_dropout(struct graph *g, value_id x)
{
    return graph_op(g, OP_dropout, &half, x);
}

static value_id build_dropout2d(struct graph *g, value_id x)
{
    return graph_op(g, OP_dropout2d, &half, x);
}

static value_id build_drop_path(struct graph *g, value_id x)
{
    return graph_op(g, OP_drop_path, &half, x);
}

static value_id build_gelu(struct graph *g, value_id x) { return graph_op(g, OP_gelu, NULL, x); }

static value_id build_gelu_by_tanh(struct graph *g, value_id x)
{
    struct attrs a = {.approximate = true};
    return graph_op(g, OP_gelu, &a, x);
}

static value_id build_hardswish(struct graph *g, value_id x)
{
    return graph_op(g, OP_hardswish, NULL, wider(g, x));
}

static value_id build_hardsigmoid(struct graph *g, value_id x)
{
    return graph_op(g, OP_hardsigmoid, NULL, wider(g, x));
}

static value_id build_tanh(struct graph *g, value_id x) { return graph_op(g, OP_tanh, NULL, x); }

static value_id build_leaky_relu(struct graph *g, value_id x)
{
    const struct attrs a = {.negative_slope = 0.2};
    return graph_op(g, OP_leaky_relu, &a, wider(g, x));
}

static value_id build_elu(struct graph *g, value_id x)
{
    const struct attrs a = {.alpha = 0.5};
    return graph_op(g, OP_elu, &a, wider(g, x));
}

static value_id build_softplus(struct graph *g, value_id x)
{
    const struct attrs a = {.beta = 2, .threshold = 20};
    return graph_op(g, OP_softplus, &a, wider(g, x));
}

static value_id build_hardtanh(struct graph *g, value_id x)
{
    const struct attrs a = {.min_val = -1, .max_val = 3};
    return graph_op(g, OP_hardtanh, &a, wider(g, x));
}

static value_id build_mish(struct graph *g, value_id x)
{
    return graph_op(g, OP_mish, NULL, wider(g, x));
}

static value_id build_abs(struct graph *g, value_id x)
{
    return graph_op(g, OP_abs, NULL, wider(g, x));
}

static value_id build_exp(struct graph *g, value_id x) { return graph_op(g, OP_exp, NULL, x); }

static value_id build_log(struct graph *g, value_id x)
{
    return graph_op(g, OP_log, NULL, build_softplus(g, x));
}

static value_id build_square(struct graph *g, value_id x)
{
    return graph_op(g, OP_pow, &(struct attrs){.exponent = 2}, x);
}

static value_id build_power(struct graph *g, value_id x)
{
    return graph_op(g, OP_pow, &(struct attrs){.exponent = 1.7}, build_softplus(g, x));
}

static value_id build_sqrt(struct graph *g, value_id x)
{
    return graph_op(g, OP_sqrt, NULL, build_softplus(g, x));
}

static value_id build_mul(struct graph *g, value_id x)
{
    struct net_conv c = {.out = CHANNELS, .kernel = {3, 3}, .padding = {1, 1, 1, 1}};
    return graph_op(g, OP_mul, NULL, net_conv2d(g, "conv", x, &c, true), x);
}

/* x by its own means, as squeeze-and-excitation does. */
static value_id build_mul_by_means(struct graph *g, value_id x)
{
    struct net_conv c = {.out = CHANNELS};
    value_id means = net_conv2d(g, "squeeze", graph_op(g, OP_global_avg_pool, NULL, x), &c, true);
    return graph_op(g, OP_mul, NULL, x, graph_op(g, OP_sigmoid, NULL, means));
}

static value_id build_mul_by_map(struct graph *g, value_id x)
{
    struct net_conv c = {.out = 1};
    return graph_op(g, OP_mul, NULL, x, net_conv2d(g, "map", x, &c, true));
}

static value_id build_mul_by_number(struct graph *g, value_id x)
{
    struct attrs a = {.shape = shape_scalar()};
    value_id number = net_parameter(g, "number", shape_1d(1), true);
    return graph_op(g, OP_mul, NULL, x, graph_op(g, OP_reshape, &a, number));
}

static value_id build_mul_by_channels(struct graph *g, value_id x)
{
    return graph_op(g, OP_mul, NULL, x, channel_parameter(g, "scale"));
}

/* A row [N,K]. */
static value_id build_mul_row(struct graph *g, value_id x)
{
    x = net_linear(g, "row", graph_op(g, OP_flatten, NULL, x), 4, true);
    return build_mul_by_number(
        g, graph_op(g, OP_reshape, &(struct attrs){.shape = shape_2d(DIM_BATCH, 4)}, x));
}

static value_id build_add_channels(struct graph *g, value_id x)
{
    return graph_op(g, OP_add, NULL, x, channel_parameter(g, "shift"));
}

static value_id build_prelu(struct graph *g, value_id x)
{
    x = wider(g, x);
    return graph_op(g, OP_prelu, NULL, x,
                    net_parameter(g, "slope", shape_1d(graph_shape(g, x)->dim[1]), true));
}

static value_id build_prelu_of_one(struct graph *g, value_id x)
{
    struct attrs a = {.shape = shape_scalar()};
    value_id slope = net_parameter(g, "slope", shape_1d(1), true);
    return graph_op(g, OP_prelu, NULL, wider(g, x), graph_op(g, OP_reshape, &a, slope));
}

/* y of x's shape, of one pixel, of one channel; not near 0. */
static value_id build_sub(struct graph *g, value_id x)
{
    return graph_op(g, OP_sub, NULL, x, graph_op(g, OP_sigmoid, NULL, x));
}

static value_id build_sub_means(struct graph *g, value_id x)
{
    value_id means = graph_op(g, OP_global_avg_pool, NULL, x);
    return graph_op(g, OP_sub, NULL, x, graph_op(g, OP_sigmoid, NULL, means));
}

static value_id build_sub_map(struct graph *g, value_id x)
{
    struct net_conv c = {.out = 1};
    value_id map = net_conv2d(g, "map", x, &c, true);
    return graph_op(g, OP_sub, NULL, x, graph_op(g, OP_sigmoid, NULL, map));
}

static value_id build_div(struct graph *g, value_id x)
{
    return graph_op(g, OP_div, NULL, x, graph_op(g, OP_sigmoid, NULL, x));
}

static value_id build_div_means(struct graph *g, value_id x)
{
    value_id means = graph_op(g, OP_global_avg_pool, NULL, x);
    return graph_op(g, OP_div, NULL, x, graph_op(g, OP_sigmoid, NULL, means));
}

static value_id build_div_map(struct graph *g, value_id x)
{
    struct net_conv c = {.out = 1};
    value_id map = net_conv2d(g, "map", x, &c, true);
    return graph_op(g, OP_div, NULL, x, graph_op(g, OP_sigmoid, NULL, map));
}

static value_id build_maximum(struct graph *g, value_id x)
{
    struct net_conv c = {.out = CHANNELS};
    return graph_op(g, OP_maximum, NULL, x, net_conv2d(g, "other", x, &c, true));
}

static value_id build_max_pool(struct graph *g, value_id x)
{
    struct attrs a = {.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0, 2, 1}};
    return graph_op(g, OP_max_pool, &a, x);
}

static value_id build_avg_pool(struct graph *g, value_id x)
{
    struct attrs a = {.kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0, 2, 1}};
    return graph_op(g, OP_avg_pool, &a, x);
}

static value_id build_avg_pool_with_padding(struct graph *g, value_id x)
{
    struct attrs a = {
        .kernel = {2, 3}, .stride = {1, 2}, .padding = {1, 1, 0, 2}, .count_include_pad = true};
    return graph_op(g, OP_avg_pool, &a, x);
}

static value_id build_adaptive_avg_pool(struct graph *g, value_id x)
{
    struct attrs a = {.size = {7, 3}};
    return graph_op(g, OP_adaptive_avg_pool, &a, x);
}

/* The last windows reach over the end. */
static value_id build_max_pool_in_all_forms(struct graph *g, value_id x)
{
    struct attrs a = {.kernel = {2, 2},
                      .stride = {2, 3},
                      .padding = {1, 0, 1, 0},
                      .dilation = {2, 1},
                      .ceil_mode = true};
    return graph_op(g, OP_max_pool, &a, x);
}

static value_id build_avg_pool_in_all_forms(struct graph *g, value_id x)
{
    struct attrs a = {.kernel = {2, 3},
                      .stride = {2, 2},
                      .padding = {0, 1, 0, 0},
                      .ceil_mode = true,
                      .count_include_pad = true};
    value_id y = graph_op(g, OP_avg_pool, &a, x);
    a.divisor_override = 5;
    return graph_op(g, OP_add, NULL, y, graph_op(g, OP_avg_pool, &a, x));
}

static value_id build_adaptive_max_pool(struct graph *g, value_id x)
{
    struct attrs a = {.size = {3, 6}};
    return graph_op(g, OP_adaptive_max_pool, &a, x);
}

static value_id build_interpolate(struct graph *g, value_id x)
{
    struct attrs a = {.scale_factor = {2, 3}};
    return graph_op(g, OP_interpolate, &a, x);
}

static value_id build_interpolate_to_size(struct graph *g, value_id x)
{
    struct attrs a = {.size = {3, 7}, .mode = INTERPOLATE_NEAREST_EXACT};
    return graph_op(g, OP_interpolate, &a, x);
}

static value_id build_bilinear(struct graph *g, value_id x)
{
    struct attrs a = {.size = {7, 3}, .mode = INTERPOLATE_BILINEAR},
                 corners = {.size = {7, 3}, .mode = INTERPOLATE_BILINEAR, .align_corners = true};
    return graph_op(g, OP_add, NULL, graph_op(g, OP_interpolate, &a, x),
                    graph_op(g, OP_interpolate, &corners, x));
}

static value_id build_pad(struct graph *g, value_id x)
{
    struct attrs a = {.padding = {1, 2, 0, 3}, .value = 0.5};
    value_id y = graph_op(g, OP_pad, &a, x);
    a.mode = PAD_REFLECT;
    y = graph_op(g, OP_add, NULL, y, graph_op(g, OP_pad, &a, x));
    a.mode = PAD_REPLICATE;
    return graph_op(g, OP_add, NULL, y, graph_op(g, OP_pad, &a, x));
}

static value_id build_concat(struct graph *g, value_id x)
{
    struct net_conv c = {.out = 3, .kernel = {3, 3}, .padding = {1, 1, 1, 1}};
    return graph_op(g, OP_concat, &(struct attrs){.dim = 1}, x, net_conv2d(g, "conv", x, &c, true),
                    x);
}

static value_id build_concat_of_places(struct graph *g, value_id x)
{
    value_id y = graph_op(g, OP_concat, &(struct attrs){.dim = 2}, x, build_sigmoid(g, x), x);
    return graph_op(g, OP_concat, &(struct attrs){.dim = 3}, y, y);
}

static value_id build_pixel_shuffle(struct graph *g, value_id x)
{
    return graph_op(g, OP_pixel_shuffle, &(struct attrs){.upscale_factor = 2}, x);
}

static value_id build_pixel_unshuffle(struct graph *g, value_id x)
{
    const struct attrs even = {.dim = 2, .length = HEIGHT - 1};
    x = graph_op(g, OP_narrow, &even, x);
    return graph_op(g, OP_pixel_unshuffle, &(struct attrs){.downscale_factor = 2}, x);
}

/* Runs that overlap, at both ends and inside. */
static value_id build_narrow(struct graph *g, value_id x)
{
    const struct attrs channels = {.dim = 1, .start = 1, .length = 2},
                       rows = {.dim = 2, .start = 0, .length = HEIGHT - 1},
                       columns = {.dim = 3, .start = 2, .length = WIDTH - 2},
                       again = {.dim = 3, .start = 1, .length = WIDTH - 2};
    x = graph_op(g, OP_narrow, &rows, graph_op(g, OP_narrow, &channels, x));
    return graph_op(g, OP_mul, NULL, graph_op(g, OP_narrow, &columns, x),
                    graph_op(g, OP_narrow, &again, x));
}

/* Three parts: one read twice, one once, one not at all. */
static value_id build_split(struct graph *g, value_id x)
{
    static const int64_t sizes[] = {1, 2, 1};
    const struct attrs cut = {.sizes = {3, sizes}};
    value_id y = graph_op(g, OP_split, &cut, x);
    value_id a = graph_op(g, OP_part, &(struct attrs){.index = 0}, y),
             b = graph_op(g, OP_part, &(struct attrs){.index = 1}, y),
             again = graph_op(g, OP_part, &(struct attrs){.index = 1}, y);
    return graph_op(g, OP_concat, &(struct attrs){.dim = 1}, a,
                    graph_op(g, OP_mul, NULL, b, again));
}

static value_id build_split_of_rows(struct graph *g, value_id x)
{
    static const int64_t sizes[] = {50, 30};
    x = graph_op(g, OP_flatten, NULL, x);
    const struct attrs cut = {.sizes = {2, sizes}};
    value_id y = graph_op(g, OP_split, &cut, x);
    return graph_op(g, OP_concat, &(struct attrs){.dim = 1},
                    graph_op(g, OP_part, &(struct attrs){.index = 1}, y),
                    graph_op(g, OP_part, &(struct attrs){.index = 0}, y));
}

static value_id build_global_avg_pool(struct graph *g, value_id x)
{
    return graph_op(g, OP_global_avg_pool, NULL, x);
}

static value_id build_flatten(struct graph *g, value_id x)
{
    return graph_op(g, OP_flatten, NULL, x);
}

static value_id build_reshape(struct graph *g, value_id x)
{
    struct attrs a = {.shape = shape_4d(DIM_BATCH, (int64_t)2 * CHANNELS, WIDTH / 2, HEIGHT)};
    struct net_conv c = {.out = 3, .kernel = {2, 2}};
    return net_conv2d(g, "conv", graph_op(g, OP_reshape, &a, x), &c, true);
}

static value_id build_group_norm(struct graph *g, value_id x)
{
    struct attrs a = {.groups = 2, .eps = 1e-2};
    return graph_op(g, OP_group_norm, &a, x);
}

/* Over rows, over channels and columns, over all. */
static value_id build_maxima(struct graph *g, value_id x)
{
    static const bool rows[4] = {false, false, true}, lines[4] = {false, true, false, true},
                      all[4] = {false, true, true, true};
    const struct attrs map = {.shape = shape_4d(DIM_BATCH, 1, HEIGHT, 1)};
    value_id y = graph_op(g, OP_reshape, &map, max_over(g, x, lines, false));
    y = graph_op(g, OP_mul, NULL, y, max_over(g, x, all, true));
    value_id z = graph_op(g, OP_flatten, NULL, max_over(g, x, rows, true));
    return graph_op(g, OP_concat, &(struct attrs){.dim = 1}, graph_op(g, OP_flatten, NULL, y), z);
}

/* Over the channels, beside means over the rows and sums over columns. */
static value_id build_sums(struct graph *g, value_id x)
{
    static const bool channels[4] = {false, true}, rows[4] = {false, false, true},
                      columns[4] = {false, false, false, true};
    value_id y = graph_op(g, OP_mul, NULL, x, sum_over(g, x, channels, true, true));
    value_id z = sum_over(g, sum_over(g, x, rows, true, true), columns, false, false);
    z = graph_op(g, OP_reshape, &(struct attrs){.shape = shape_4d(DIM_BATCH, CHANNELS, 1, 1)}, z);
    return graph_op(g, OP_mul, NULL, y, z);
}

/* Products of two values, each as it is and stored turned over, in groups; and of parameters for each image. */
static value_id build_products(struct graph *g, value_id x)
{
    const int64_t rows[] = {DIM_BATCH, CHANNELS, (int64_t)HEIGHT * WIDTH};
    struct attrs t = {.groups = 2, .transpose_a = true};
    value_id a = reshape_to(g, x, shape_make(3, rows));
    value_id y = graph_op(g, OP_bmm, &t, a, graph_op(g, OP_tanh, NULL, a));
    t = (struct attrs){.groups = 2, .transpose_b = true};
    y = graph_op(g, OP_bmm, &t, a, y);
    t.groups = 1;
    a = graph_op(g, OP_bmm, &t, a, y);
    t.transpose_a = true;
    return graph_op(g, OP_flatten, NULL, graph_op(g, OP_bmm, &t, y, a));
}

static value_id build_broadcast_products(struct graph *g, value_id x)
{
    const int64_t heads[] = {2, WIDTH, 3};
    value_id y = reshape_to(g, x, shape_4d(DIM_BATCH, 1, (int64_t)CHANNELS * HEIGHT, WIDTH));
    y = matmul_broadcast(g, y, net_parameter(g, "heads", shape_make(3, heads), true));
    y = matmul_broadcast(g, net_parameter(g, "left", shape_2d(2, (int64_t)CHANNELS * HEIGHT), true),
                         y);
    y = matmul_broadcast(g, y, net_parameter(g, "right", shape_2d(3, 2), true));
    return graph_op(g, OP_flatten, NULL, y);
}

static value_id build_softmax(struct graph *g, value_id x)
{
    return graph_op(g, OP_softmax, NULL, x);
}

static value_id build_log_softmax(struct graph *g, value_id x)
{
    return graph_op(g, OP_log_softmax, NULL, x);
}

static value_id build_permute(struct graph *g, value_id x)
{
    static const int64_t dims[] = {0, 3, 1, 2};
    const struct attrs a = {.dims = {4, dims}};
    return graph_op(g, OP_permute, &a, x);
}

static value_id build_linear_of_places(struct graph *g, value_id x)
{
    return graph_op(g, OP_linear, NULL, x, net_parameter(g, "w", shape_2d(3, CHANNELS), true));
}

static value_id build_layer_norm(struct graph *g, value_id x)
{
    struct attrs a = {.eps = 1e-2};
    return graph_op(g, OP_layer_norm, &a, x, channel_parameter(g, "weight"),
                    channel_parameter(g, "bias"));
}

static const struct op_case {
    const char *name;
    enum op op; /* must be in the function that is differentiated */
    build_fn *build;
    double smoothing;
} cases[] = {
    {"conv2d", OP_conv2d, build_conv2d, 0},
    {"conv2d, depthwise", OP_conv2d, build_depthwise, 0},
    {"conv2d, two groups", OP_conv2d, build_grouped, 0},
    {"conv_transpose2d", OP_conv2d_grad_input, build_conv_transpose2d, 0},
    {"conv_transpose2d, two groups", OP_conv2d_grad_input, build_conv_transpose2d_of_groups, 0},
    {"conv_transpose2d, depthwise", OP_conv2d_grad_input, build_conv_transpose2d_depthwise, 0},
    {"linear", OP_conv2d, build_linear, 0},
    {"a computed kernel", OP_matmul, build_computed_kernel, 0},
    {"a computed matrix", OP_transpose, build_computed_matrix, 0},
    {"bias_add", OP_bias_add, build_bias_add, 0},
    {"batch_norm, stored", OP_channel_affine, build_bn_stored, 0},
    {"bn_scale", OP_bn_scale, build_bn_scale, 0},
    {"bn_shift", OP_bn_shift, build_bn_shift, 0},
    {"channel_affine", OP_channel_affine, build_channel_affine, 0},
    {"channel_scale", OP_channel_scale, build_channel_scale, 0},
    {"bn_apply", OP_bn_apply, build_bn_apply, 0},
    {"batch_norm, training", OP_bn_apply, build_bn_training, 0},
    {"relu", OP_relu, build_relu, 0},
    {"relu6", OP_relu6, build_relu6, 0},
    {"add", OP_add, build_add, 0},
    {"sigmoid", OP_sigmoid, build_sigmoid, 0},
    {"silu", OP_silu, build_silu, 0},
    {"dropout", OP_dropout, build_dropout, 0},
    {"dropout2d", OP_dropout2d, build_dropout2d, 0},
    {"drop_path", OP_drop_path, build_drop_path, 0},
    {"gelu", OP_gelu, build_gelu, 0},
    {"gelu by tanh", OP_gelu, build_gelu_by_tanh, 0},
    {"hardswish", OP_hardswish, build_hardswish, 0},
    {"hardsigmoid", OP_hardsigmoid, build_hardsigmoid, 0},
    {"tanh", OP_tanh, build_tanh, 0},
    {"leaky_relu", OP_leaky_relu, build_leaky_relu, 0},
    {"elu", OP_elu, build_elu, 0},
    {"softplus", OP_softplus, build_softplus, 0},
    {"hardtanh", OP_hardtanh, build_hardtanh, 0},
    {"mish", OP_mish, build_mish, 0},
    {"abs", OP_abs, build_abs, 0},
    {"exp", OP_exp, build_exp, 0},
    {"log", OP_log, build_log, 0},
    {"sqrt", OP_sqrt, build_sqrt, 0},
    {"pow, a square", OP_pow, build_square, 0},
    {"pow, any power", OP_pow, build_power, 0},
    {"mul", OP_mul, build_mul, 0},
    {"mul by means", OP_mul, build_mul_by_means, 0},
    {"mul by a map", OP_mul, build_mul_by_map, 0},
    {"mul by a number", OP_mul, build_mul_by_number, 0},
    {"mul of a row by a number", OP_mul, build_mul_row, 0},
    {"mul by channels", OP_mul, build_mul_by_channels, 0},
    {"add, channels", OP_add, build_add_channels, 0},
    {"prelu", OP_prelu, build_prelu, 0},
    {"prelu of one slope", OP_prelu, build_prelu_of_one, 0},
    {"sub", OP_sub, build_sub, 0},
    {"sub, means", OP_sub, build_sub_means, 0},
    {"sub, a map", OP_sub, build_sub_map, 0},
    {"div", OP_div, build_div, 0},
    {"div, means", OP_div, build_div_means, 0},
    {"div, a map", OP_div, build_div_map, 0},
    {"maximum", OP_maximum, build_maximum, 0},
    {"max_pool", OP_max_pool, build_max_pool, 0},
    {"avg_pool", OP_avg_pool, build_avg_pool, 0},
    {"avg_pool with padding", OP_avg_pool, build_avg_pool_with_padding, 0},
    {"max_pool in all forms", OP_max_pool, build_max_pool_in_all_forms, 0},
    {"avg_pool in all forms", OP_avg_pool, build_avg_pool_in_all_forms, 0},
    {"adaptive_max_pool", OP_adaptive_max_pool, build_adaptive_max_pool, 0},
    {"adaptive_avg_pool", OP_adaptive_avg_pool, build_adaptive_avg_pool, 0},
    {"interpolate", OP_interpolate, build_interpolate, 0},
    {"interpolate to a size", OP_interpolate, build_interpolate_to_size, 0},
    {"interpolate, bilinear", OP_interpolate, build_bilinear, 0},
    {"pad", OP_pad, build_pad, 0},
    {"concat", OP_concat, build_concat, 0},
    {"concat of rows and columns", OP_concat, build_concat_of_places, 0},
    {"narrow", OP_narrow, build_narrow, 0},
    {"pixel_shuffle", OP_pixel_shuffle, build_pixel_shuffle, 0},
    {"pixel_unshuffle", OP_pixel_unshuffle, build_pixel_unshuffle, 0},
    {"split", OP_split, build_split, 0},
    {"part", OP_part, build_split_of_rows, 0},
    {"global_avg_pool", OP_global_avg_pool, build_global_avg_pool, 0},
    {"group_norm", OP_group_norm, build_group_norm, 0},
    {"permute", OP_permute, build_permute, 0},
    {"bmm", OP_bmm, build_products, 0},
    {"bmm of parameters", OP_bmm, build_broadcast_products, 0},
    {"softmax", OP_softmax, build_softmax, 0},
    {"amax", OP_amax, build_maxima, 0},
    {"sum over channels", OP_sum_channels, build_sums, 0},
    {"log_softmax", OP_log_softmax, build_log_softmax, 0},
    {"linear of places", OP_conv2d, build_linear_of_places, 0},
    {"layer_norm", OP_layer_norm, build_layer_norm, 0},
    {"flatten", OP_flatten, build_flatten, 0},
    {"reshape", OP_reshape, build_reshape, 0},
    {"cross_entropy", OP_cross_entropy, build_flatten, 0},
    {"cross_entropy, smoothed", OP_cross_entropy, build_flatten, 0.2},
    {"cross_entropy, weighted", OP_label_shares, build_flatten, 0.2},
    {"the weight of labels, weighted", OP_label_weight, build_flatten, 0},
    {"cross_entropy of a map", OP_cross_entropy, build_sigmoid, 0.2},
    {"mse", OP_mse, build_flatten, 0},
    {"huber", OP_huber, build_flatten, 0},
    {"l1", OP_l1, build_flatten, 0},
    {"sigmoid_focal", OP_sigmoid_focal, build_flatten, 0},
    {"kl_div", OP_kl_div, build_flatten, 0},
    {"binary_cross_entropy_with_logits", OP_binary_cross_entropy_with_logits, build_flatten, 0},
};

static struct program *build_case(struct arena *arena, struct diag *diag, const struct op_case *c)
{
    struct program *p = program_new(arena, diag, c->name, BATCH);
    struct graph *g = program_add_function(p, "train", FTMRT_ENTRY_TRAIN);
    struct net_conv probe = {.out = CHANNELS};
    value_id x = net_conv2d(
        g, "probe", net_image(g, (int64_t)BATCH * HEIGHT * WIDTH, HEIGHT, WIDTH), &probe, true);
    value_id y = c->build(g, x);
    if (strstr(c->name, "of a map")) {
        net_loss_of(g, c->op, net_conv2d(g, "head", y, &(struct net_conv){.out = 5}, false),
                    c->smoothing);
        return p;
    }
    if (graph_shape(g, y)->rank == 4)
        y = graph_op(g, OP_flatten, NULL, y);
    if (strstr(c->name, "weighted")) {
        const struct attrs a = {.label_smoothing = c->smoothing, .ignore_index = 1};
        net_weighted_loss(g, net_linear(g, "head", y, 5, false), &a);
        return p;
    }
    enum op loss = op_info(c->op)->cls == OP_CLASS_LOSS ? c->op : OP_cross_entropy;
    net_loss_of(g, loss, net_linear(g, "head", y, 5, false), c->smoothing);
    return p;
}

static bool has_op(const struct program *p, enum op op)
{
    const struct graph *g = program_find_function(p, "train");
    for (uint32_t i = 0; i < g->nodes.len; i++)
        if (g->nodes.at[i].op == op && !g->nodes.at[i].dead)
            return true;
    return false;
}

/* Builds and checks; the first seed whose point is not near a kink. spoil (or NULL) changes the
 * gradients' program. */
static struct grad_result run_case(const struct op_case *c, bool (*spoil)(struct graph *))
{
    struct grad_result result = {0};
    for (uint64_t seed = 1; seed <= 60 && !result.checked; seed++) {
        struct arena arena;
        struct diag diag;
        arena_init(&arena, "test");
        diag_init(&diag, &arena);
        struct grad_check check = {.arena = &arena, .seed = seed, .n = BATCH};
        check.forward = build_case(&arena, &diag, c);
        check.backward = build_case(&arena, &diag, c);
        assert_true(passes_run(check.backward,
                               &(struct pass_options){.only = GRADIENT_PASSES, .verify = true}));
        if (!has_op(check.backward, c->op))
            fail_msg("case '%s' does not have %s", c->name, op_info(c->op)->name);
        if (spoil)
            assert_true(spoil(program_find_function(check.backward, "train")));
        result = grad_check(&check);
        arena_clear(&arena);
    }
    if (!result.checked)
        fail_msg("case '%s': every point is near a kink (%g)", c->name, result.kink);
    return result;
}

static void test_every_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grad_result r = run_case(&cases[i], NULL);
        if (r.worst > tolerance)
            fail_msg("%s: error %.3g at %s", cases[i].name, r.worst, r.where);
    }
}

static void test_every_differentiable_op_has_a_case(void **state)
{
    (void)state;
    for (int op = 0; op < OP_COUNT; op++) {
        bool found = false;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            found |= (int)cases[i].op == op;
        if (op_info((enum op)op)->grad && !found)
            fail_msg("%s has a gradient but no case in this test", op_info((enum op)op)->name);
    }
}

/* ---- networks ---- */

static struct grad_result check_network(uint64_t seed, const char *passes)
{
    struct arena arena;
    struct diag diag;
    struct random_graph_options options = {
        .max_blocks = 3, .max_size = 6, .max_channels = 5, .max_batch = 3, .more = true};
    arena_init(&arena, "test");
    diag_init(&diag, &arena);
    struct grad_check check = {.arena = &arena, .seed = seed, .n = 3};
    check.forward = random_graph(&arena, &diag, seed, &options);
    check.backward = random_graph(&arena, &diag, seed, &options);
    assert_true(passes_run(check.backward, &(struct pass_options){.only = passes, .verify = true}));
    struct grad_result r = grad_check(&check);
    arena_clear(&arena);
    return r;
}

/* passes: NULL for all of them, so that folding and fusing are part of what is differentiated. */
static void check_networks(const char *passes)
{
    uint32_t networks = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        struct grad_result r = check_network(seed, passes);
        if (r.worst > tolerance)
            fail_msg("network %d: error %.3g at %s", (int)seed, r.worst, r.where);
        networks += r.checked > 0;
    }
    assert_true(networks >= 20);
}

static void test_random_networks(void **state)
{
    (void)state;
    check_networks(GRADIENT_PASSES);
}

static void test_random_networks_after_all_passes(void **state)
{
    (void)state;
    check_networks(NULL);
}

/* ---- wrong gradients ---- */

static struct node *find(struct graph *g, enum op op)
{
    for (uint32_t i = 0; i < g->nodes.len; i++)
        if (g->nodes.at[i].op == op && !g->nodes.at[i].dead)
            return &g->nodes.at[i];
    return NULL;
}

/* relu6 with the gradient of relu: right but for the values above 6. */
static bool spoil_relu6(struct graph *g)
{
    struct node *n = find(g, OP_relu6_grad);
    if (n)
        n->op = OP_relu_grad;
    return n;
}

/* Batch norm as if its variance were a constant: a slightly different eps in the gradient. */
static bool spoil_batch_norm(struct graph *g)
{
    struct node *n = find(g, OP_bn_grad_input);
    if (!n)
        return false;
    struct attrs a = *n->attrs;
    a.eps *= 1.01;
    n->attrs = program_attrs(g->program, n->op, &a);
    return true;
}

/* The padding of the other side. */
static bool spoil_conv2d(struct graph *g)
{
    for (uint32_t i = 0; i < g->nodes.len; i++) {
        struct attrs a = *g->nodes.at[i].attrs;
        if (g->nodes.at[i].op != OP_conv2d_grad_weight || a.padding[0] == a.padding[2])
            continue;
        int64_t top = a.padding[0];
        a.padding[0] = a.padding[2];
        a.padding[2] = top;
        graph_set_attrs(g, (value_id){i}, &a);
        return true;
    }
    return false;
}

static void test_wrong_rules_are_caught(void **state)
{
    (void)state;
    const struct op_case relu6 = {"relu6", OP_relu6, build_relu6, 0};
    const struct op_case batch_norm = {"bn_apply", OP_bn_apply, build_bn_apply, 0};
    const struct op_case conv2d = {"conv2d", OP_conv2d, build_conv2d, 0};
    assert_true(run_case(&relu6, spoil_relu6).worst > 1e-3);
    assert_true(run_case(&batch_norm, spoil_batch_norm).worst > 1e-5);
    assert_true(run_case(&conv2d, spoil_conv2d).worst > 1e-3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule),
        cmocka_unit_test(test_every_differentiable_op_has_a_case),
        cmocka_unit_test(test_random_networks),
        cmocka_unit_test(test_random_networks_after_all_passes),
        cmocka_unit_test(test_wrong_rules_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
