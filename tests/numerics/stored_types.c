/* link: ftm_kernel_run */
/* Values that are stored as bf16: the accessor (codegen/address.h) widens and rounds to the bit, and the kernels, none of
 * which knows of it, compute what they compute from f32. What they are expected to store is rounded by kernel_run.c. */
#include "kernel_families.h"

#include <string.h>

enum { CHANNELS = 19, SIZE = 5 };

/* Sums are rounded to bf16 (8 bits) once more than what they are compared with. */
static const double tolerance = 0x1p-7;

static value_id input(struct kernel_case *k, struct shape shape, enum ftmrt_layout layout)
{
    value_id v = kernel_case_input(k, shape, layout);
    kernel_case_narrow(k, v);
    return v;
}

static value_id map_of(struct kernel_case *k, int64_t channels, int64_t size)
{
    return input(k, shape_4d(DIM_BATCH, channels, size, size), FTMRT_LAYOUT_BLOCKED);
}

static value_id map(struct kernel_case *k) { return map_of(k, CHANNELS, SIZE); }

/* The node of a case, its result narrow, too. */
static void narrow_node(struct kernel_case *k, value_id node, enum ftmrt_layout layout)
{
    kernel_case_node(k, node, layout);
    kernel_case_narrow(k, node);
}

/* ---- conversions ---- */

/* Every upper half of an f32 with lower halves around the ties: infinities, NaNs and denormals, too. */
static void fill_bits(const struct kernel_case *c, uint32_t operand, struct tensor *x)
{
    static const uint32_t lower[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    const uint32_t lowers = sizeof lower / sizeof *lower;
    const int64_t count = shape_elements(&x->shape, 1);
    (void)c, (void)operand;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = ((uint32_t)(i / lowers) & 0xffffU) << 16 | lower[i % lowers];
        float v;
        memcpy(&v, &bits, sizeof v);
        x->data[i] = (double)v;
    }
}

/* relayout from f32 to bf16 or back: vector by vector between weights, one by one elsewhere. */
static void make_conversion(struct cases *c, const struct shape *s, enum ftmrt_layout from,
                            enum ftmrt_layout to, bool narrow)
{
    const struct attrs a = {.to = to};
    struct kernel_case *k = case_new(c, 0, narrow ? "to bf16" : "from bf16");
    value_id x = kernel_case_input(k, *s, from), y = graph_op(k->graph, OP_relayout, &a, x);
    k->fill = fill_bits;
    kernel_case_narrow(k, narrow ? y : x);
    kernel_case_node(k, y, to);
}

static void make_conversions(struct cases *c)
{
    const struct shape weight = shape_4d(48, 32, 16, 16), /* 6 * 2^16 elements */
        image = shape_4d(DIM_BATCH, CHANNELS, SIZE, SIZE);
    for (int narrow = 0; narrow < 2; narrow++) {
        make_conversion(c, &weight, FTMRT_LAYOUT_CONV, FTMRT_LAYOUT_CONV_T, narrow);
        make_conversion(c, &weight, FTMRT_LAYOUT_CONV, FTMRT_LAYOUT_PLAIN, narrow);
        make_conversion(c, &image, FTMRT_LAYOUT_PLAIN, FTMRT_LAYOUT_BLOCKED, narrow);
        make_conversion(c, &image, FTMRT_LAYOUT_BLOCKED, FTMRT_LAYOUT_PLAIN, narrow);
    }
    struct kernel_case *k = case_new(c, 0, "bf16 to bf16");
    const struct attrs a = {.to = FTMRT_LAYOUT_CONV_T};
    k->fill = fill_bits;
    narrow_node(k, graph_op(k->graph, OP_relayout, &a, input(k, weight, FTMRT_LAYOUT_CONV)),
                FTMRT_LAYOUT_CONV_T);
}

/* ---- kernels ---- */

static void make_elementwise(struct cases *c)
{
    struct kernel_case *k = case_new(c, tolerance, "relu, bias_add, mul");
    narrow_node(k, graph_op(k->graph, OP_relu, NULL, map(k)), FTMRT_LAYOUT_BLOCKED);
    value_id bias = input(k, shape_1d(CHANNELS), FTMRT_LAYOUT_VECTOR);
    value_id scale = map_of(k, CHANNELS, 1);
    kernel_case_step(k, OP_bias_add, NULL, &bias, 1);
    kernel_case_step(k, OP_mul, NULL, &scale, 1);
    k = case_new(c, tolerance, "add of vectors");
    value_id a = input(k, shape_1d(CHANNELS), FTMRT_LAYOUT_VECTOR),
             b = input(k, shape_1d(CHANNELS), FTMRT_LAYOUT_VECTOR);
    narrow_node(k, graph_op(k->graph, OP_add, NULL, a, b), FTMRT_LAYOUT_VECTOR);
}

static void make_convolution(struct cases *c, int64_t channels, int64_t groups)
{
    const struct attrs a = {.stride = {1, 1},
                            .dilation = {1, 1},
                            .padding = {1, 1, 1, 1},
                            .kernel = {3, 3},
                            .in_size = {SIZE, SIZE},
                            .groups = groups};
    const bool depthwise = groups == channels;
    const enum ftmrt_layout w = depthwise ? FTMRT_LAYOUT_DEPTHWISE : FTMRT_LAYOUT_CONV;
    const enum ftmrt_layout w_t = groups == 1 ? FTMRT_LAYOUT_CONV_T : w; /* no whole blocks */
    const struct shape weight = shape_4d(channels, channels / groups, 3, 3);
    struct kernel_case *k = case_new(c, tolerance, "conv2d");
    value_id x = map_of(k, channels, SIZE);
    narrow_node(k, graph_op(k->graph, OP_conv2d, &a, x, input(k, weight, w)), FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, tolerance, "conv2d_grad_input");
    x = map_of(k, channels, SIZE);
    narrow_node(k, graph_op(k->graph, OP_conv2d_grad_input, &a, x, input(k, weight, w_t)),
                FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, tolerance, "conv2d_grad_weight");
    x = map_of(k, channels, SIZE);
    narrow_node(k, graph_op(k->graph, OP_conv2d_grad_weight, &a, x, map_of(k, channels, SIZE)), w);
}

static void make_pools(struct cases *c)
{
    const struct attrs a = {.kernel = {3, 3}, .stride = {2, 2}, .in_size = {SIZE, SIZE}};
    const struct attrs twice = {.scale_factor = {2, 2}};
    struct kernel_case *k = case_new(c, tolerance, "max_pool");
    narrow_node(k, graph_op(k->graph, OP_max_pool, &a, map(k)), FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, tolerance, "avg_pool");
    narrow_node(k, graph_op(k->graph, OP_avg_pool, &a, map(k)), FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, tolerance, "avg_pool_grad");
    narrow_node(k, graph_op(k->graph, OP_avg_pool_grad, &a, map_of(k, CHANNELS, 2)),
                FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, tolerance, "global_avg_pool");
    narrow_node(k, graph_op(k->graph, OP_global_avg_pool, NULL, map(k)), FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, tolerance, "interpolate");
    narrow_node(k, graph_op(k->graph, OP_interpolate, &twice, map(k)), FTMRT_LAYOUT_BLOCKED);
}

static void make_copies(struct cases *c)
{
    static const int64_t sizes[] = {16, 3};
    struct kernel_case *k = case_new(c, 0, "concat");
    value_id a = map_of(k, 3, SIZE), b = map_of(k, 16, SIZE);
    narrow_node(k, graph_op(k->graph, OP_concat, &(struct attrs){.dim = 1}, a, b),
                FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, 0, "split");
    const struct attrs parts = {.sizes = {2, sizes}};
    narrow_node(k, graph_op(k->graph, OP_split, &parts, map(k)), FTMRT_LAYOUT_BLOCKED);
}

/* Statistics and losses are f32; what they are made of is not. */
static void make_sums(struct cases *c)
{
    const struct attrs groups = {.groups = 1, .eps = 1e-5}, one = {0};
    struct kernel_case *k = case_new(c, tolerance, "group_norm");
    narrow_node(k, graph_op(k->graph, OP_group_norm, &groups, map(k)), FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, 1e-5, "bn_stats");
    kernel_case_node(k, graph_op(k->graph, OP_bn_stats, NULL, map(k)), FTMRT_LAYOUT_VECTOR);
    k = case_new(c, 1e-5, "channel_dot");
    value_id x = map(k);
    kernel_case_node(k, graph_op(k->graph, OP_channel_dot, NULL, x, map(k)), FTMRT_LAYOUT_VECTOR);
    k = case_new(c, 1e-5, "cross_entropy");
    k->classes = CHANNELS;
    x = input(k, shape_2d(DIM_BATCH, CHANNELS), FTMRT_LAYOUT_BLOCKED);
    value_id labels =
        kernel_case_input_of(k, (struct type){FTMRT_I32, shape_1d(DIM_BATCH)}, FTMRT_LAYOUT_PLAIN);
    kernel_case_node(k, graph_op(k->graph, OP_cross_entropy, &one, x, labels), FTMRT_LAYOUT_PLAIN);
}

static void make_kernels(struct cases *c)
{
    make_elementwise(c);
    make_convolution(c, CHANNELS, 1);
    make_convolution(c, CHANNELS, CHANNELS);
    make_convolution(c, 2 * CHANNELS, 2);
    make_pools(c);
    make_copies(c);
    make_sums(c);
}

static void test_conversions(void **state)
{
    (void)state;
    at_every_level(make_conversions);
}

static void test_kernels(void **state)
{
    (void)state;
    at_every_level(make_kernels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conversions),
                                       cmocka_unit_test(test_kernels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
