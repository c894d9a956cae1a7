/* link: ftm_kernel_run */
/* Element-wise kernels: ops of every operand pattern, with and without steps, on activations,
 * vectors and weights. */
#include "kernel_families.h"

#include <math.h>

static const struct shape_row {
    int64_t channels, height, width;
} shapes[] = {{1, 5, 3}, {3, 8, 8}, {16, 1, 1}, {17, 4, 7}, {40, 2, 3}, {64, 6, 6}};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static struct shape activation(const struct shape_row *s)
{
    return shape_4d(DIM_BATCH, s->channels, s->height, s->width);
}

static value_id blocked(struct kernel_case *k, const struct shape_row *s)
{
    return kernel_case_input(k, activation(s), FTMRT_LAYOUT_BLOCKED);
}

static value_id vector(struct kernel_case *k, const struct shape_row *s)
{
    return kernel_case_input(k, shape_1d(s->channels), FTMRT_LAYOUT_VECTOR);
}

static value_id stats(struct kernel_case *k, const struct shape_row *s)
{
    return kernel_case_input(k, shape_2d(2, s->channels), FTMRT_LAYOUT_VECTOR);
}

/* Row 1 of statistics is a variance: not negative. */
static void positive_variance(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    (void)k, (void)operand;
    if (x->shape.rank != 2)
        return;
    for (int64_t c = 0; c < x->shape.dim[1]; c++)
        x->data[x->shape.dim[1] + c] *= x->data[x->shape.dim[1] + c] < 0 ? -1 : 1;
}

static void make_one_shape(struct cases *c, const struct shape_row *s)
{
    struct attrs eps = {.eps = 1e-3};
    struct kernel_case *k = case_new(c, 0, "relu6");
    kernel_case_node(k, graph_op(k->graph, OP_relu6, NULL, blocked(k, s)), FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, 1e-6, "add then relu");
    kernel_case_node(k, graph_op(k->graph, OP_add, NULL, blocked(k, s), blocked(k, s)),
                     FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_relu, NULL, NULL, 0);
    k = case_new(c, 1e-6, "channel_affine then add");
    value_id x = blocked(k, s), residual = blocked(k, s);
    kernel_case_node(k, graph_op(k->graph, OP_channel_affine, NULL, x, vector(k, s), vector(k, s)),
                     FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_add, NULL, &residual, 1);
    k = case_new(c, 1e-6, "relu_grad");
    kernel_case_node(k, graph_op(k->graph, OP_relu_grad, NULL, blocked(k, s), blocked(k, s)),
                     FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, 1e-5, "bn_apply");
    x = blocked(k, s);
    kernel_case_node(
        k, graph_op(k->graph, OP_bn_apply, &eps, x, stats(k, s), vector(k, s), vector(k, s)),
        FTMRT_LAYOUT_BLOCKED);
    k->fill = positive_variance;
    k = case_new(c, 1e-5, "bn_grad_input");
    value_id dy = blocked(k, s);
    x = blocked(k, s);
    value_id statistics = stats(k, s), gradient = stats(k, s), weight = vector(k, s);
    kernel_case_node(
        k, graph_op(k->graph, OP_bn_grad_input, &eps, dy, x, statistics, gradient, weight),
        FTMRT_LAYOUT_BLOCKED);
    k->fill = positive_variance;
}

/* Per-channel vectors and packed weights are flat arrays. */
static void make_flat(struct cases *c, const struct shape_row *s)
{
    struct kernel_case *k = case_new(c, 1e-6, "neg_mul of vectors");
    kernel_case_node(k, graph_op(k->graph, OP_neg_mul, NULL, vector(k, s), vector(k, s)),
                     FTMRT_LAYOUT_VECTOR);
    k = case_new(c, 1e-6, "add of weights");
    struct shape w = shape_4d(s->channels, 20, 3, 3);
    value_id a = kernel_case_input(k, w, FTMRT_LAYOUT_CONV),
             b = kernel_case_input(k, w, FTMRT_LAYOUT_CONV);
    kernel_case_node(k, graph_op(k->graph, OP_add, NULL, a, b), FTMRT_LAYOUT_CONV);
}

static void positive(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    positive_variance(k, operand, x);
    for (int64_t i = 0; x->shape.rank == 1 && i < x->shape.dim[0]; i++)
        x->data[i] = fabs(x->data[i]) + 0.1;
}

/* Without an eps the lanes past the last channel are 0 / 0, and are masked where they are stored: in
 * vectors, in activations, behind a convolution. */
static void make_padding(struct cases *c, int64_t channels)
{
    const struct shape_row s = {channels, 3, 4};
    struct attrs none = {.eps = 0}, conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    struct kernel_case *k = case_new(c, 1e-5, "bn_scale without eps");
    kernel_case_node(k, graph_op(k->graph, OP_bn_scale, &none, vector(k, &s), vector(k, &s)),
                     FTMRT_LAYOUT_VECTOR);
    k->fill = positive;
    k = case_new(c, 1e-4, "add then bn_apply without eps");
    value_id x = blocked(k, &s), y = blocked(k, &s);
    const value_id extra[] = {stats(k, &s), vector(k, &s), vector(k, &s)};
    kernel_case_node(k, graph_op(k->graph, OP_add, NULL, x, y), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_bn_apply, &none, extra, 3);
    k->fill = positive;
    k = case_new(c, 1e-3, "conv2d then bn_apply without eps");
    x = blocked(k, &(struct shape_row){20, 3, 4});
    value_id w = kernel_case_input(k, shape_4d(channels, 20, 1, 1), FTMRT_LAYOUT_CONV);
    const value_id norm[] = {stats(k, &s), vector(k, &s), vector(k, &s)};
    kernel_case_node(k, graph_op(k->graph, OP_conv2d, &conv, x, w), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_bn_apply, &none, norm, 3);
    k->fill = positive;
}

/* Broadcast operands, and ops whose value of 0 is not 0, alone and as steps. */
static void make_unary(struct cases *c, const struct shape_row *s, enum op op, const char *label)
{
    struct attrs attrs = {.approximate = s->channels % 2 == 0};
    struct kernel_case *k = case_new(c, 1e-6, label);
    kernel_case_node(k, graph_op(k->graph, op, &attrs, blocked(k, s)), FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, 1e-6, label);
    kernel_case_node(k, graph_op(k->graph, OP_add, NULL, blocked(k, s), blocked(k, s)),
                     FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, op, &attrs, NULL, 0);
    k = case_new(c, 1e-6, label);
    kernel_case_node(k, graph_op(k->graph, op, &attrs, vector(k, s)), FTMRT_LAYOUT_VECTOR);
}

static void make_gradient(struct cases *c, const struct shape_row *s, enum op op, const char *label)
{
    struct attrs attrs = {.approximate = s->channels % 2 == 0};
    struct kernel_case *k = case_new(c, 1e-5, label);
    kernel_case_node(k, graph_op(k->graph, op, &attrs, blocked(k, s), blocked(k, s)),
                     FTMRT_LAYOUT_BLOCKED);
}

static void make_mul(struct cases *c, const struct shape_row *s, struct shape factor,
                     enum ftmrt_layout layout)
{
    struct kernel_case *k = case_new(c, 1e-6, "mul");
    value_id x = blocked(k, s), y = kernel_case_input(k, factor, layout);
    kernel_case_node(k, graph_op(k->graph, OP_mul, NULL, x, y), FTMRT_LAYOUT_BLOCKED);
    struct attrs conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    k = case_new(c, 1e-5, "conv2d then mul");
    x = blocked(k, s);
    value_id w = kernel_case_input(k, shape_4d(s->channels, s->channels, 1, 1), FTMRT_LAYOUT_CONV);
    y = kernel_case_input(k, factor, layout);
    kernel_case_node(k, graph_op(k->graph, OP_conv2d, &conv, x, w), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_mul, NULL, &y, 1);
}

/* Numbers whose squares overflow, and some whose do not. */
static void huge(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    static const double values[] = {2e19, -2e19, 1e20, -1e20, 3e38, -3e38, 1e13, -1e13, 33, -33, 0};
    if (operand + 1 != graph_node(k->graph, k->node)->input_count) /* dy */
        return;
    int64_t size = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < size; i++)
        x->data[i] = values[(size_t)i % (sizeof values / sizeof *values)];
}

static void make_huge(struct cases *c)
{
    const struct shape_row s = {17, 4, 7};
    for (int form = 0; form < 2; form++) {
        const struct attrs attrs = {.approximate = form};
        struct kernel_case *k = case_new(c, 0, "gelu of huge numbers");
        kernel_case_node(k, graph_op(k->graph, OP_gelu, &attrs, blocked(k, &s)),
                         FTMRT_LAYOUT_BLOCKED);
        k->fill = huge;
        k = case_new(c, 1e-6, "gelu_grad of huge numbers");
        kernel_case_node(k,
                         graph_op(k->graph, OP_gelu_grad, &attrs, blocked(k, &s), blocked(k, &s)),
                         FTMRT_LAYOUT_BLOCKED);
        k->fill = huge;
    }
}

static void make_smooth(struct cases *c, const struct shape_row *s)
{
    make_unary(c, s, OP_sigmoid, "sigmoid");
    make_unary(c, s, OP_silu, "silu");
    make_unary(c, s, OP_gelu, "gelu");
    make_gradient(c, s, OP_sigmoid_grad, "sigmoid_grad");
    make_gradient(c, s, OP_silu_grad, "silu_grad");
    make_gradient(c, s, OP_gelu_grad, "gelu_grad");
    make_mul(c, s, activation(s), FTMRT_LAYOUT_BLOCKED);
    make_mul(c, s, shape_4d(DIM_BATCH, s->channels, 1, 1), FTMRT_LAYOUT_BLOCKED);
    make_mul(c, s, shape_4d(DIM_BATCH, 1, s->height, s->width), FTMRT_LAYOUT_BLOCKED);
    make_mul(c, s, shape_scalar(), FTMRT_LAYOUT_PLAIN);
    struct kernel_case *k = case_new(c, 1e-5, "sum_channels");
    kernel_case_node(k, graph_op(k->graph, OP_sum_channels, NULL, blocked(k, s)),
                     FTMRT_LAYOUT_BLOCKED);
}

/* What draws random numbers draws those of the reference: alone, as a step, and behind a convolution. */
static void make_drawing(struct cases *c, const struct shape_row *s)
{
    static const enum op ops[] = {OP_dropout, OP_dropout2d, OP_drop_path};
    static const double shares[] = {0.4, 0.5, 1};
    const struct attrs conv = {.stride = {1, 1}, .dilation = {1, 1}, .groups = 1};
    for (int i = 0; i < 3; i++) {
        const struct attrs a = {.p = shares[(i + s->channels) % 3],
                                .layer = i + 1000 * s->channels};
        struct kernel_case *k = case_new(c, 1e-6, "drop");
        kernel_case_node(k, graph_op(k->graph, ops[i], &a, blocked(k, s)), FTMRT_LAYOUT_BLOCKED);
        k = case_new(c, 1e-6, "add then drop");
        kernel_case_node(k, graph_op(k->graph, OP_add, NULL, blocked(k, s), blocked(k, s)),
                         FTMRT_LAYOUT_BLOCKED);
        kernel_case_step(k, ops[i], &a, NULL, 0);
        k = case_new(c, 1e-4, "conv2d then drop");
        value_id x = blocked(k, s);
        value_id w =
            kernel_case_input(k, shape_4d(s->channels, s->channels, 1, 1), FTMRT_LAYOUT_CONV);
        kernel_case_node(k, graph_op(k->graph, OP_conv2d, &conv, x, w), FTMRT_LAYOUT_BLOCKED);
        kernel_case_step(k, ops[i], &a, NULL, 0);
    }
}

static void make_all_drawing(struct cases *c)
{
    static const struct shape_row rows[] = {
        {1, 5, 3}, {15, 2, 3}, {16, 1, 1}, {17, 4, 7}, {33, 1, 9}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        make_drawing(c, &rows[i]);
}

static void make(struct cases *c)
{
    for (int i = 0; i < SHAPES; i++) {
        make_one_shape(c, &shapes[i]);
        make_flat(c, &shapes[i]);
    }
    static const int64_t channels[] = {1, 15, 16, 17};
    for (int i = 0; i < 4; i++)
        make_padding(c, channels[i]);
}

static void make_all_smooth(struct cases *c)
{
    static const struct shape_row rows[] = {
        {1, 5, 3}, {15, 2, 3}, {16, 1, 1}, {17, 4, 7}, {40, 2, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        make_smooth(c, &rows[i]);
    make_huge(c);
}

static void test_elementwise(void **state)
{
    (void)state;
    at_every_level(make);
}

static void test_smooth(void **state)
{
    (void)state;
    at_every_level(make_all_smooth);
}

static void test_drawing(void **state)
{
    (void)state;
    at_every_level(make_all_drawing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_elementwise),
                                       cmocka_unit_test(test_smooth),
                                       cmocka_unit_test(test_drawing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
