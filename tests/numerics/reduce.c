/* link: ftm_kernel_run */
/* Reductions over the batch: sums, dot products, and batch-norm statistics, also of data far from
 * zero. */
#include "kernel_families.h"

static const struct shape_row {
    int64_t channels, height, width;
} shapes[] = {{1, 5, 3}, {3, 8, 8}, {16, 1, 1}, {17, 4, 7}, {40, 2, 3}, {64, 6, 6}, {10, 1, 2}};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static value_id blocked(struct kernel_case *k, const struct shape_row *s)
{
    return kernel_case_input(k, shape_4d(DIM_BATCH, s->channels, s->height, s->width),
                             FTMRT_LAYOUT_BLOCKED);
}

/* A mean that is large against the deviation: E[x^2] - E[x]^2 would lose every digit. */
static void far_from_zero(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    (void)k, (void)operand;
    int64_t count = shape_elements(&x->shape, 1);
    for (int64_t i = 0; i < count; i++)
        x->data[i] = 1000 + x->data[i];
}

/* Row 0 the mean, row 1 the variance. */
static void statistics(const struct kernel_case *k, uint32_t operand, struct tensor *x)
{
    (void)k;
    if (operand != 2)
        return;
    for (int64_t c = 0; c < x->shape.dim[1]; c++)
        x->data[x->shape.dim[1] + c] =
            0.5 + x->data[x->shape.dim[1] + c] * x->data[x->shape.dim[1] + c];
}

static void make(struct cases *c)
{
    struct attrs eps = {.eps = 1e-3};
    for (int i = 0; i < SHAPES; i++) {
        const struct shape_row *s = &shapes[i];
        struct kernel_case *k = case_new(c, 2e-6, "channel_sum");
        kernel_case_node(k, graph_op(k->graph, OP_channel_sum, NULL, blocked(k, s)),
                         FTMRT_LAYOUT_VECTOR);
        k = case_new(c, 2e-6, "channel_dot");
        kernel_case_node(k, graph_op(k->graph, OP_channel_dot, NULL, blocked(k, s), blocked(k, s)),
                         FTMRT_LAYOUT_VECTOR);
        k = case_new(c, 5e-6, "bn_stats");
        kernel_case_node(k, graph_op(k->graph, OP_bn_stats, NULL, blocked(k, s)),
                         FTMRT_LAYOUT_VECTOR);
        k = case_new(c, 5e-6, "bn_grad_stats");
        value_id dy = blocked(k, s), x = blocked(k, s);
        value_id stats = kernel_case_input(k, shape_2d(2, s->channels), FTMRT_LAYOUT_VECTOR);
        kernel_case_node(k, graph_op(k->graph, OP_bn_grad_stats, &eps, dy, x, stats),
                         FTMRT_LAYOUT_VECTOR);
        k->fill = statistics;
    }
    struct kernel_case *k = case_new(c, 2e-6, "channel_sum of a matrix");
    value_id x = kernel_case_input(k, shape_2d(DIM_BATCH, 10), FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_channel_sum, NULL, x), FTMRT_LAYOUT_VECTOR);
}

/* The variance alone, by hand: the mean hides its error in kernel_case_check, which compares both
 * rows at once. */
static void check_variance(const struct cpu *cpu)
{
    enum { CHANNELS = 3, SIZE = 9 };
    struct kernel_run *r = kernel_run_new(cpu, FAMILIES_MAX_BATCH, FAMILIES_SHARDS);
    struct kernel_case *k = kernel_case_new(r, "bn_stats far from zero");
    value_id x =
        kernel_case_input(k, shape_4d(DIM_BATCH, CHANNELS, SIZE, SIZE), FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_bn_stats, NULL, x), FTMRT_LAYOUT_VECTOR);
    k->fill = far_from_zero;
    kernel_run_build(r, NULL, NULL);
    assert_true(kernel_case_check(k, FAMILIES_MAX_BATCH) < 1e-6);
    const float *in = k->buffers[0], *out = k->buffers[1];
    for (int c = 0; c < CHANNELS; c++) {
        double sum = 0, squares = 0, count = FAMILIES_MAX_BATCH * SIZE * SIZE;
        for (int i = 0; i < FAMILIES_MAX_BATCH * SIZE * SIZE; i++)
            sum += (double)in[i * FTMRT_CB + c];
        for (int i = 0; i < FAMILIES_MAX_BATCH * SIZE * SIZE; i++)
            squares += ((double)in[i * FTMRT_CB + c] - sum / count) *
                       ((double)in[i * FTMRT_CB + c] - sum / count);
        double variance = squares / count, got = (double)out[FTMRT_CB + c];
        assert_true(got > variance * (1 - 1e-4) && got < variance * (1 + 1e-4));
    }
    kernel_run_free(r);
}

static void test_reductions(void **state)
{
    (void)state;
    at_every_level(make);
}

static void test_variance(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < cpu_count(); i++)
        if (ftmrt_cpu_supported(cpu_at(i)->name))
            check_variance(cpu_at(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reductions),
                                       cmocka_unit_test(test_variance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
