/* link: ftm_kernel_run */
/* Depthwise convolutions in all three directions against the reference evaluation, at every level
 * that the host has. */
#include <math.h>
#include <stdio.h>

#include "kernel_families.h"

enum { MAX_BATCH = 5 };

struct shapes {
    int64_t channels, h, w, kh, kw, stride, pad[4], dilation;
    bool steps;
};

#define PAD(p) {p, p, p, p}
static const struct shapes table[] = {
    {3, 7, 9, 3, 3, 1, PAD(1), 1, true},
    {17, 13, 11, 3, 3, 2, {0, 0, 1, 1}, 1, false}, /* SAME of an odd map with stride 2 */
    {16, 16, 16, 3, 3, 2, {0, 0, 1, 1}, 1, true},
    {24, 28, 28, 5, 5, 1, PAD(2), 1, true},
    {40, 14, 14, 5, 5, 2, {1, 1, 2, 2}, 1, false},
    {32, 2, 2, 5, 5, 1, PAD(2), 1, false},
    {20, 4, 4, 3, 3, 1, PAD(1), 1, true},
    {16, 1, 1, 3, 3, 1, PAD(1), 1, false},
    {33, 33, 35, 3, 3, 1, PAD(1), 1, false},
    {16, 15, 15, 7, 7, 1, PAD(3), 1, false},
    {16, 12, 12, 3, 3, 1, PAD(2), 2, false},
    {16, 13, 12, 3, 5, 3, {1, 2, 1, 2}, 1, false},
    {48, 9, 9, 1, 1, 1, PAD(0), 1, false},
    {16, 8, 8, 2, 2, 3, PAD(0), 1, false}, /* outputs of the gradient without any tap */
    {2, 6, 5, 6, 5, 1, PAD(0), 1, false},
    {16, 1, 3, 1, 2, 1, {0, 300, 0, 1500}, 1, false}, /* runs of tiles without any tap */
    {16, 2, 200, 1, 3, 1, {0, 70, 0, 70}, 70, false}, /* and with the same few */
};
enum { COUNT = sizeof table / sizeof table[0] };

static struct attrs attrs_of(const struct shapes *s)
{
    return (struct attrs){
        .stride = {s->stride, s->stride},
        .padding = {s->pad[0], s->pad[1], s->pad[2], s->pad[3]},
        .dilation = {s->dilation, s->dilation},
        .groups = s->channels,
        .in_size = {s->h, s->w},
        .kernel = {s->kh, s->kw},
    };
}

static int64_t out_size(int64_t in, int64_t kernel, int64_t pad, const struct shapes *s)
{
    return (in + pad - (s->dilation * (kernel - 1) + 1)) / s->stride + 1;
}

static value_id x_input(struct kernel_case *c, const struct shapes *s)
{
    return kernel_case_input(c, shape_4d(DIM_BATCH, s->channels, s->h, s->w), FTMRT_LAYOUT_BLOCKED);
}

static value_id dy_input(struct kernel_case *c, const struct shapes *s)
{
    struct shape y =
        shape_4d(DIM_BATCH, s->channels, out_size(s->h, s->kh, s->pad[0] + s->pad[2], s),
                 out_size(s->w, s->kw, s->pad[1] + s->pad[3], s));
    return kernel_case_input(c, y, FTMRT_LAYOUT_BLOCKED);
}

static value_id w_input(struct kernel_case *c, const struct shapes *s)
{
    return kernel_case_input(c, shape_4d(s->channels, 1, s->kh, s->kw), FTMRT_LAYOUT_DEPTHWISE);
}

static struct kernel_case *case_of(struct cases *all, const char *what, const struct shapes *s)
{
    char text[128];
    snprintf(text, sizeof text, "%s %lld %lldx%lld k%lldx%lld s%lld", what, (long long)s->channels,
             (long long)s->h, (long long)s->w, (long long)s->kh, (long long)s->kw,
             (long long)s->stride);
    return case_new(all, 3e-6, text);
}

static void finish(struct kernel_case *c, const struct shapes *s, value_id node)
{
    kernel_case_node(c, node, FTMRT_LAYOUT_BLOCKED);
    if (!s->steps)
        return;
    value_id bias = kernel_case_input(c, shape_1d(s->channels), FTMRT_LAYOUT_VECTOR);
    value_id residual =
        kernel_case_input(c, graph_node(c->graph, node)->type.shape, FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(c, OP_bias_add, NULL, &bias, 1);
    kernel_case_step(c, OP_add, NULL, &residual, 1);
    kernel_case_step(c, OP_relu6, NULL, NULL, 0);
}

static void forward(struct cases *all, const struct shapes *s)
{
    struct kernel_case *c = case_of(all, "conv2d", s);
    struct attrs a = attrs_of(s);
    value_id x = x_input(c, s), w = w_input(c, s);
    finish(c, s, graph_op(c->graph, OP_conv2d, &a, x, w));
}

static void grad_input(struct cases *all, const struct shapes *s)
{
    struct kernel_case *c = case_of(all, "conv2d_grad_input", s);
    struct attrs a = attrs_of(s);
    value_id dy = dy_input(c, s), w = w_input(c, s);
    finish(c, s, graph_op(c->graph, OP_conv2d_grad_input, &a, dy, w));
}

static void grad_weight(struct cases *all, const struct shapes *s)
{
    struct kernel_case *c = case_of(all, "conv2d_grad_weight", s);
    struct attrs a = attrs_of(s);
    value_id x = x_input(c, s), dy = dy_input(c, s);
    kernel_case_node(c, graph_op(c->graph, OP_conv2d_grad_weight, &a, x, dy),
                     FTMRT_LAYOUT_DEPTHWISE);
}

static void all_forward(struct cases *all)
{
    for (int i = 0; i < COUNT; i++)
        forward(all, &table[i]);
}

static void test_forward(void **state)
{
    (void)state;
    check_at_every_level(MAX_BATCH, 2, all_forward);
}

static void all_grad_input(struct cases *all)
{
    for (int i = 0; i < COUNT; i++)
        grad_input(all, &table[i]);
}

static void test_grad_input(void **state)
{
    (void)state;
    check_at_every_level(MAX_BATCH, 2, all_grad_input);
}

static void all_grad_weight(struct cases *all)
{
    for (int i = 0; i < COUNT; i++)
        grad_weight(all, &table[i]);
}

static void test_grad_weight(void **state)
{
    (void)state;
    check_at_every_level(MAX_BATCH, 2, all_grad_weight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),
        cmocka_unit_test(test_grad_input),
        cmocka_unit_test(test_grad_weight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
