/* link: ftm_kernel_run */
/* Layer normalisation and its gradients: channels that fill blocks and that do not, maps of a tile of places, of more, of
 * fewer than go together; with parameters and without, and with a step behind. */
#include "kernel_families.h"

static const struct normed {
    int64_t channels, height, width; /* height 0: a row [N,C] */
} values[] = {
    {16, 4, 5}, {15, 3, 3},  {17, 9, 11}, {1, 7, 3},  {33, 1, 1}, {40, 8, 8},
    {96, 2, 6}, {34, 5, 13}, {5, 1, 9},   {48, 0, 0}, {7, 0, 0},  {96, 7, 7},
};

static const struct attrs attrs = {.eps = 1e-5};

static struct shape shape_of(const struct normed *m)
{
    return m->height ? shape_4d(DIM_BATCH, m->channels, m->height, m->width)
                     : shape_2d(DIM_BATCH, m->channels);
}

static value_id channels_of(struct kernel_case *k, const struct normed *m)
{
    return kernel_case_input(k, shape_1d(m->channels), FTMRT_LAYOUT_VECTOR);
}

static void make_forward(struct cases *c, const struct normed *m, bool parameters)
{
    struct kernel_case *k = case_new(c, 3e-6, "layer_norm");
    const struct type channels = {FTMRT_F32, shape_1d(m->channels)};
    value_id x = kernel_case_input(k, shape_of(m), FTMRT_LAYOUT_BLOCKED);
    value_id weight = parameters ? channels_of(k, m) : graph_constant(k->graph, 0.5, channels),
             bias = parameters ? channels_of(k, m) : graph_constant(k->graph, 2, channels);
    kernel_case_node(k, graph_op(k->graph, OP_layer_norm, &attrs, x, weight, bias),
                     FTMRT_LAYOUT_BLOCKED);
    if (parameters)
        kernel_case_step(k, OP_sigmoid, NULL, NULL, 0);
}

static void make_backward(struct cases *c, const struct normed *m)
{
    const struct shape s = shape_of(m);
    struct kernel_case *k = case_new(c, 2e-5, "layer_norm_grad");
    value_id dy = kernel_case_input(k, s, FTMRT_LAYOUT_BLOCKED),
             x = kernel_case_input(k, s, FTMRT_LAYOUT_BLOCKED), weight = channels_of(k, m);
    kernel_case_node(k, graph_op(k->graph, OP_layer_norm_grad, &attrs, dy, x, weight),
                     FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, 5e-6, "layer_norm_grad_stats");
    dy = kernel_case_input(k, s, FTMRT_LAYOUT_BLOCKED);
    x = kernel_case_input(k, s, FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_layer_norm_grad_stats, &attrs, dy, x),
                     FTMRT_LAYOUT_VECTOR);
}

static void make(struct cases *c)
{
    for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
        make_forward(c, &values[i], false);
        make_forward(c, &values[i], true);
        make_backward(c, &values[i]);
    }
}

static void test_layer_norm(void **state)
{
    (void)state;
    at_every_level(make);
}

/* A mean that is large against the deviation costs digits of x, not of the statistics. */
static void fill_offset(const struct kernel_case *c, uint32_t operand, struct tensor *x)
{
    (void)c;
    if (operand != 0)
        return;
    for (int64_t i = 0; i < shape_elements(&x->shape, 1); i++)
        x->data[i] = (double)(float)(x->data[i] + 1000);
}

static void make_offset(struct cases *c)
{
    const struct normed m = {40, 3, 7};
    struct kernel_case *k = case_new(c, 2e-4, "layer_norm around 1000");
    k->fill = fill_offset;
    value_id x = kernel_case_input(k, shape_of(&m), FTMRT_LAYOUT_BLOCKED),
             weight = channels_of(k, &m), bias = channels_of(k, &m);
    kernel_case_node(k, graph_op(k->graph, OP_layer_norm, &attrs, x, weight, bias),
                     FTMRT_LAYOUT_BLOCKED);
}

static void test_offset(void **state)
{
    (void)state;
    at_every_level(make_offset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_layer_norm),
                                       cmocka_unit_test(test_offset)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
