/* link: ftm_kernel_run */
/* Softmax over the channels of places, its logarithm and their gradients: channels that fill blocks and that do not, large
 * values, infinities and NaN. */
#include "kernel_families.h"

#include <math.h>

static const struct shape shapes[] = {
    {4, {DIM_BATCH, 16, 4, 5}}, {4, {DIM_BATCH, 15, 3, 3}}, {4, {DIM_BATCH, 33, 9, 11}},
    {4, {DIM_BATCH, 1, 7, 3}},  {2, {DIM_BATCH, 17}},       {2, {DIM_BATCH, 100}},
};

/* Of the operand whose exponentials are taken. */
static void wide(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    (void)k, (void)operand;
    for (int64_t i = 0; i < shape_elements(&x->shape, 1); i++)
        x->data[i] *= 50;
}

/* Some places have an infinity or NaN, some none. */
static void special(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    static const double values[] = {1, NAN, 2, INFINITY, 3, -INFINITY, 0};
    (void)k, (void)operand;
    for (int64_t i = 0; i < shape_elements(&x->shape, 1); i++)
        if (i % 5 == 0)
            x->data[i] = values[(size_t)(i / 5) % (sizeof values / sizeof *values)];
}

static struct kernel_case *make_one(struct cases *c, enum op op, const struct shape *s,
                                    double tolerance)
{
    struct kernel_case *k = case_new(c, tolerance, op_info(op)->name);
    value_id x = kernel_case_input(k, *s, FTMRT_LAYOUT_BLOCKED);
    value_id y =
        op_least_operands(op) > 1
            ? graph_op(k->graph, op, NULL, x, kernel_case_input(k, *s, FTMRT_LAYOUT_BLOCKED))
            : graph_op(k->graph, op, NULL, x);
    kernel_case_node(k, y, FTMRT_LAYOUT_BLOCKED);
    return k;
}

static void make(struct cases *c)
{
    for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        make_one(c, OP_softmax, &shapes[i], 2e-6)->fill = wide;
        make_one(c, OP_log_softmax, &shapes[i], 2e-6)->fill = wide;
        make_one(c, OP_softmax, &shapes[i], 2e-6)->fill = special;
        make_one(c, OP_log_softmax, &shapes[i], 2e-6)->fill = special;
        make_one(c, OP_softmax_grad, &shapes[i], 4e-6);
        kernel_case_step(make_one(c, OP_log_softmax_grad, &shapes[i], 4e-6), OP_sigmoid, NULL, NULL,
                         0);
    }
}

static void test_softmax(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_softmax)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
