/* link: ftm_kernel_run */
/* Convolutions of several groups in all three directions against the reference evaluation: groups of
 * whole blocks, which the dense kernels compute, and all others. */
#include "kernel_families.h"

static const struct shapes {
    int64_t groups, in, out; /* channels of a group */
    int64_t h, w, kh, kw, stride, pad[4], dilation;
} table[] = {
    {2, 16, 16, 7, 6, 3, 3, 1, {1, 1, 1, 1}, 1}, /* whole blocks */
    {3, 32, 16, 9, 8, 3, 3, 2, {1, 0, 1, 1}, 1},
    {2, 16, 48, 6, 6, 1, 1, 1, {0, 0, 0, 0}, 1},
    {4, 32, 32, 2, 2, 3, 3, 1, {1, 1, 1, 1}, 1}, /* images of few pixels */
    {2, 16, 32, 3, 4, 3, 4, 1, {0, 0, 0, 0}, 1}, /* a kernel that covers the map */
    {2, 64, 64, 5, 5, 3, 3, 1, {1, 1, 1, 1}, 1},
    {2, 3, 2, 5, 6, 3, 2, 2, {1, 0, 0, 1}, 1}, /* any */
    {8, 4, 4, 6, 5, 3, 3, 1, {1, 1, 1, 1}, 1}, /* ResNeXt */
    {5,
     8,
     8,
     9,
     37,
     3,
     3,
     1,
     {1, 1, 1, 1},
     1}, /* groups within a block; whole tiles, two at an edge */
    {13, 2, 2, 7, 8, 3, 5, 2, {1, 2, 1, 2}, 1},
    {6, 4, 4, 20, 18, 1, 1, 1, {0, 0, 0, 0}, 1},
    {3, 8, 8, 6, 19, 2, 3, 1, {0, 2, 1, 2}, 2},
    {2, 8, 8, 12, 12, 11, 12, 1, {5, 5, 5, 6}, 1}, /* too many taps for the stack */
    {3, 5, 7, 4, 4, 3, 3, 1, {2, 2, 2, 2}, 2},
    {5, 1, 3, 6, 6, 3, 3, 2, {1, 1, 1, 1}, 1}, /* several outputs per channel */
    {2, 20, 17, 3, 3, 1, 1, 1, {0, 0, 0, 0}, 1},
    {17, 1, 2, 1, 1, 3, 3, 1, {1, 1, 1, 1}, 1},
    {4, 16, 8, 5, 4, 3, 3, 1, {1, 1, 1, 1}, 1}, /* whole blocks on one side only */
};

static bool whole_blocks(const struct shapes *s) { return s->in % 16 == 0 && s->out % 16 == 0; }

static struct attrs attrs_of(const struct shapes *s)
{
    return (struct attrs){
        .stride = {s->stride, s->stride},
        .padding = {s->pad[0], s->pad[1], s->pad[2], s->pad[3]},
        .dilation = {s->dilation, s->dilation},
        .groups = s->groups,
        .in_size = {s->h, s->w},
        .kernel = {s->kh, s->kw},
    };
}

static int64_t out_size(int64_t in, int64_t kernel, int64_t pad, const struct shapes *s)
{
    return (in + pad - (s->dilation * (kernel - 1) + 1)) / s->stride + 1;
}

static value_id operand_x(struct kernel_case *k, const struct shapes *s)
{
    return kernel_case_input(k, shape_4d(DIM_BATCH, s->groups * s->in, s->h, s->w),
                             FTMRT_LAYOUT_BLOCKED);
}

static value_id operand_y(struct kernel_case *k, const struct shapes *s)
{
    struct shape y =
        shape_4d(DIM_BATCH, s->groups * s->out, out_size(s->h, s->kh, s->pad[0] + s->pad[2], s),
                 out_size(s->w, s->kw, s->pad[1] + s->pad[3], s));
    return kernel_case_input(k, y, FTMRT_LAYOUT_BLOCKED);
}

static value_id operand_w(struct kernel_case *k, const struct shapes *s, enum ftmrt_layout layout)
{
    return kernel_case_input(k, shape_4d(s->groups * s->out, s->in, s->kh, s->kw), layout);
}

static void make_one(struct cases *c, const struct shapes *s)
{
    struct attrs a = attrs_of(s);
    struct kernel_case *k = case_new(c, 5e-6, "grouped conv2d");
    value_id x = operand_x(k, s);
    value_id w = operand_w(k, s, FTMRT_LAYOUT_CONV);
    kernel_case_node(k, graph_op(k->graph, OP_conv2d, &a, x, w), FTMRT_LAYOUT_BLOCKED);
    value_id bias = kernel_case_input(k, shape_1d(s->groups * s->out), FTMRT_LAYOUT_VECTOR);
    kernel_case_step(k, OP_bias_add, NULL, &bias, 1);
    k = case_new(c, 5e-6, "grouped conv2d_grad_input");
    value_id dy = operand_y(k, s);
    w = operand_w(k, s, whole_blocks(s) ? FTMRT_LAYOUT_CONV_T : FTMRT_LAYOUT_CONV);
    kernel_case_node(k, graph_op(k->graph, OP_conv2d_grad_input, &a, dy, w), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_relu, NULL, NULL, 0);
    k = case_new(c, 1e-5, "grouped conv2d_grad_weight");
    x = operand_x(k, s);
    dy = operand_y(k, s);
    kernel_case_node(k, graph_op(k->graph, OP_conv2d_grad_weight, &a, x, dy), FTMRT_LAYOUT_CONV);
}

static void make(struct cases *c)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        make_one(c, &table[i]);
}

static void test_groups(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_groups)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
