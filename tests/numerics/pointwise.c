/* link: ftm_kernel_run */
/* Element-wise ops of one operand and their gradients as compiled code, a row each: alone, as a step and at special values,
 * over channels that fill their blocks and channels that do not. */
#include "kernel_families.h"

#include <math.h>

/* Where the op's values are wanted. */
enum domain { ALL, POSITIVE };

static const struct row {
    enum op op, gradient; /* gradient: OP_COUNT where other ops make it up */
    enum domain domain;
    double tolerance;
    struct attrs attrs;
} rows[] = {
    {OP_sigmoid, OP_sigmoid_grad, ALL, 1e-6, {.value = 0}},
    {OP_hardswish, OP_hardswish_grad, ALL, 1e-6, {.value = 0}},
    {OP_hardsigmoid, OP_hardsigmoid_grad, ALL, 1e-6, {.value = 0}},
    {OP_tanh, OP_tanh_grad, ALL, 1e-6, {.value = 0}},
    {OP_leaky_relu, OP_leaky_relu_grad, ALL, 1e-6, {.negative_slope = 0.1}},
    {OP_leaky_relu, OP_leaky_relu_grad, ALL, 1e-6, {.negative_slope = -2}},
    {OP_elu, OP_elu_grad, ALL, 1e-6, {.alpha = 0.5}},
    {OP_softplus, OP_softplus_grad, ALL, 1e-6, {.beta = 2, .threshold = 5}},
    {OP_softplus, OP_softplus_grad, ALL, 1e-6, {.beta = 1, .threshold = 200}},
    {OP_hardtanh, OP_hardtanh_grad, ALL, 1e-6, {.min_val = -1, .max_val = 3}},
    {OP_hardtanh, OP_hardtanh_grad, ALL, 1e-6, {.min_val = 1, .max_val = 3}},
    {OP_mish, OP_mish_grad, ALL, 1e-6, {.value = 0}},
    {OP_abs, OP_abs_grad, ALL, 1e-6, {.value = 0}},
    {OP_exp, OP_COUNT, ALL, 1e-6, {.value = 0}},
    {OP_log, OP_COUNT, POSITIVE, 1e-6, {.value = 0}},
    {OP_sqrt, OP_COUNT, POSITIVE, 1e-6, {.value = 0}},
    {OP_pow, OP_COUNT, ALL, 1e-6, {.exponent = 3}},
    {OP_pow, OP_COUNT, ALL, 1e-6, {.exponent = 0}},
    {OP_pow, OP_COUNT, POSITIVE, 1e-6, {.exponent = -2}},
    {OP_pow, OP_COUNT, POSITIVE, 1e-6, {.exponent = -0.5}},
    {OP_pow, OP_COUNT, POSITIVE, 3e-6, {.exponent = 1.75}},
    {OP_pow, OP_COUNT, POSITIVE, 3e-6, {.exponent = -1.3}},
};

/* Ops of two operands; the second one may be broadcast where its kind is b. */
static const enum op pairs[] = {
    OP_mul, OP_maximum, OP_div, OP_sub, OP_add, OP_prelu,
};

static int64_t channels; /* of the cases being made */

static value_id map(struct kernel_case *k)
{
    return kernel_case_input(k, shape_4d(DIM_BATCH, channels, 3, 5), FTMRT_LAYOUT_BLOCKED);
}

/* Values come uniform in [-1, 1); the first operand of a gradient may stay so. */
static void wide(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    (void)k, (void)operand;
    int64_t size = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < size; i++)
        x->data[i] *= 8;
}

static void positive(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    (void)k, (void)operand;
    int64_t size = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < size; i++)
        x->data[i] = (double)(float)(8 * fabs(x->data[i]) + 0.01);
}

/* Each place of the first operand of an op, the second of a gradient. */
static void special(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    static const double values[] = {NAN, 0, -3, INFINITY, 3, 1, -1, -INFINITY, 6, 20.5, -40, 95};
    bool gradient = op_least_operands(graph_node(k->graph, k->node)->op) > 1;
    int64_t size = shape_elements(&x->shape, 1);
    for (int64_t i = 0; operand == gradient && i < size; i++)
        x->data[i] = values[(size_t)i % (sizeof values / sizeof *values)];
}

/* All pairs of some values, in the order of rows and columns. */
static void both_special(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    (void)k;
    static const double values[] = {0, NAN, 1, INFINITY, -1, -INFINITY, 2.5};
    const int64_t count = sizeof values / sizeof *values;
    int64_t size = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < size; i++)
        x->data[i] = values[operand == 0 ? i % count : i / count % count];
}

/* The op, or its gradient, of maps alone. */
static struct kernel_case *make_node(struct cases *c, const struct row *r, bool gradient)
{
    const enum op op = gradient ? r->gradient : r->op;
    struct kernel_case *k = case_new(c, (gradient ? 10 : 1) * r->tolerance, op_info(op)->name);
    value_id x = map(k), y = gradient ? graph_op(k->graph, op, &r->attrs, x, map(k))
                                      : graph_op(k->graph, op, &r->attrs, x);
    kernel_case_node(k, y, FTMRT_LAYOUT_BLOCKED);
    k->fill = r->domain == POSITIVE ? positive : wide;
    return k;
}

static void make_step(struct cases *c, const struct row *r)
{
    struct kernel_case *k = case_new(c, r->tolerance, op_info(r->op)->name);
    kernel_case_node(k, graph_op(k->graph, OP_add, NULL, map(k), map(k)), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, r->op, &r->attrs, NULL, 0);
    k->fill = r->domain == POSITIVE ? positive : NULL;
}

/* Of another size, of 0 (and 0 over 0) and of special values in both. */
static void make_pair(struct cases *c, enum op op, struct shape second, bool specials)
{
    struct kernel_case *k = case_new(c, 1e-6, op_info(op)->name);
    const bool per_channel = second.rank == 1;
    value_id x = map(k), y = kernel_case_input(
                             k, second, per_channel ? FTMRT_LAYOUT_VECTOR : FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, op, NULL, x, y), FTMRT_LAYOUT_BLOCKED);
    k->fill = specials ? both_special : positive;
}

static void make_pairs(struct cases *c)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct shape same = shape_4d(DIM_BATCH, channels, 3, 5);
        make_pair(c, pairs[i], same, false);
        make_pair(c, pairs[i], same, true);
        if (op_operand(pairs[i], 1) != 'b')
            continue;
        make_pair(c, pairs[i], shape_4d(DIM_BATCH, channels, 1, 1), false);
        make_pair(c, pairs[i], shape_4d(DIM_BATCH, 1, 3, 5), false);
        make_pair(c, pairs[i], shape_1d(channels), false);
    }
}

static void make_tails(struct cases *c)
{
    make_pairs(c);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_node(c, &rows[i], false);
        if (rows[i].gradient != OP_COUNT)
            make_node(c, &rows[i], true);
    }
}

static void make_special(struct cases *c)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_step(c, &rows[i]);
        make_node(c, &rows[i], false)->fill = special;
        if (rows[i].gradient != OP_COUNT)
            make_node(c, &rows[i], true)->fill = special;
    }
}

static void test_tails(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 15, 16, 17, 33};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        channels = sizes[i];
        at_every_level(make_tails);
    }
}

static void test_steps_and_special_values(void **state)
{
    (void)state;
    channels = 17;
    at_every_level(make_special);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tails),
                                       cmocka_unit_test(test_steps_and_special_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
