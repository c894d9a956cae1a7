/* link: ftm_kernel_run */
/* Dense convolutions in all three directions against the reference evaluation, at every level that
 * the host has. The shapes hit every tail: channels around the block, odd maps, maps of one pixel,
 * few and many images, strides, large kernels, dilation, padding on one side only. */
#include <math.h>
#include <stdio.h>

#include "kernel_families.h"

enum { MAX_BATCH = 9 };

struct shapes {
    int64_t in, out; /* channels */
    int64_t h, w;
    int64_t kh, kw;
    int64_t stride, pad[4], dilation;
    bool plain; /* row-major operand x */
    bool steps; /* with fused steps */
};

#define PAD(p) {p, p, p, p}
static const struct shapes table[] = {
    {1, 1, 1, 1, 1, 1, 1, PAD(0), 1, false, false},
    {3, 17, 7, 9, 3, 3, 1, PAD(1), 1, false, true},
    {3, 32, 11, 13, 3, 3, 2, {0, 0, 1, 1}, 1, true, true}, /* SAME of an odd map with stride 2 */
    {1, 24, 28, 28, 5, 5, 1, PAD(2), 1, true, false},
    {3, 16, 17, 15, 7, 7, 2, PAD(3), 1, true, false},
    {24, 40, 8, 8, 1, 1, 1, PAD(0), 1, false, true},
    {40, 24, 7, 7, 1, 1, 1, PAD(0), 1, false, false},
    {96, 24, 5, 5, 1, 1, 1, PAD(0), 1, false, false},
    {16, 112, 4, 4, 1, 1, 1, PAD(0), 1, false, false},
    {20, 33, 9, 9, 1, 1, 2, PAD(0), 1, false, true},
    {32, 64, 14, 14, 3, 3, 1, PAD(1), 1, false, true},
    {17, 48, 30, 31, 3, 3, 1, PAD(1), 1, false, false},
    {24, 16, 10, 9, 3, 3, 2, PAD(1), 1, false, false},
    {16, 24, 12, 12, 3, 3, 2, {0, 0, 1, 1}, 1, false, false},
    {18, 16, 11, 12, 5, 3, 2, {2, 0, 1, 2}, 1, false, false},
    {16, 16, 12, 12, 3, 3, 1, PAD(2), 2, false, false},
    {8, 8, 13, 13, 3, 3, 2, PAD(2), 2, false, false},
    {13, 3, 1, 2, 1, 7, 3, {0, 4, 0, 2}, 1, false, false}, /* taps that no output has */
    {5, 16, 2, 1, 7, 7, 2, PAD(3), 1, true, false},
    {16, 16, 10, 10, 2, 2, 3, PAD(0), 1, false,
     false},                                         /* outputs of the gradient without any tap */
    {64, 10, 1, 1, 1, 1, 1, PAD(0), 1, false, true}, /* linear */
    {40, 100, 1, 1, 1, 1, 1, PAD(0), 1, false, true},
    {24, 20, 5, 4, 5, 4, 1, PAD(0), 1, false, true}, /* linear after flatten */
    {3, 5, 6, 6, 6, 6, 1, PAD(0), 1, true, false},
    {32, 32, 2, 2, 3, 3, 1, PAD(1), 1, false, true},
    {16, 16, 1, 1, 3, 3, 1, PAD(1), 1, false, false},
    {16, 32, 4, 4, 3, 3, 1, PAD(1), 1, false, false},
    {32, 16, 3, 3, 3, 3, 2, PAD(1), 1, false, false},
    {120, 120, 5, 5, 3, 3, 1, PAD(1), 1, false,
     false}, /* many tiles: see grad_weight_shards_inside */
    {136, 144, 2, 2, 1, 1, 1, PAD(0), 1, false, false},
    {130, 128, 8, 7, 8, 7, 1, PAD(0), 1, false, false},
    {5, 8, 3, 4, 1, 3, 1, {0, 150, 0, 2000}, 1, false, false}, /* runs of tiles without any tap */
    {3, 4, 2, 300, 1, 3, 1, {0, 90, 0, 90}, 90, false, false}, /* and with the same few */
    {2, 5, 1, 300, 1, 300, 1, PAD(0), 1, true, false},         /* linear on a wide map */
};
enum { COUNT = sizeof table / sizeof table[0] };

static struct attrs attrs_of(const struct shapes *s)
{
    return (struct attrs){
        .stride = {s->stride, s->stride},
        .padding = {s->pad[0], s->pad[1], s->pad[2], s->pad[3]},
        .dilation = {s->dilation, s->dilation},
        .groups = 1,
        .in_size = {s->h, s->w},
        .kernel = {s->kh, s->kw},
    };
}

static int64_t out_size(int64_t in, int64_t kernel, int64_t pad, const struct shapes *s)
{
    return (in + pad - (s->dilation * (kernel - 1) + 1)) / s->stride + 1;
}

static struct shape x_shape(const struct shapes *s)
{
    return shape_4d(DIM_BATCH, s->in, s->h, s->w);
}

static struct shape y_shape(const struct shapes *s)
{
    return shape_4d(DIM_BATCH, s->out, out_size(s->h, s->kh, s->pad[0] + s->pad[2], s),
                    out_size(s->w, s->kw, s->pad[1] + s->pad[3], s));
}

/* A chain of roundings of random sign grows with the square root of its length. */
static double tolerance(const struct shapes *s)
{
    int64_t taps = s->kh * s->kw, sums[] = {s->in * taps, s->out * taps, MAX_BATCH * s->h * s->w},
            most = 1;
    for (int i = 0; i < 3; i++)
        most = sums[i] > most ? sums[i] : most;
    return 1e-6 + 5e-8 * sqrt((double)most);
}

static const char *label(const char *what, const struct shapes *s)
{
    static char text[128];
    snprintf(text, sizeof text, "%s %lld->%lld %lldx%lld k%lldx%lld s%lld", what, (long long)s->in,
             (long long)s->out, (long long)s->h, (long long)s->w, (long long)s->kh,
             (long long)s->kw, (long long)s->stride);
    return text;
}

/* bias_add, then a residual add, then relu. */
static void add_steps(struct kernel_case *c, int64_t channels)
{
    value_id bias = kernel_case_input(c, shape_1d(channels), FTMRT_LAYOUT_VECTOR);
    value_id residual =
        kernel_case_input(c, graph_node(c->graph, c->node)->type.shape, FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(c, OP_bias_add, NULL, &bias, 1);
    kernel_case_step(c, OP_add, NULL, &residual, 1);
    kernel_case_step(c, OP_relu, NULL, NULL, 0);
}

static void forward(struct cases *all, const struct shapes *s)
{
    struct kernel_case *c = case_new(all, tolerance(s), label("conv2d", s));
    struct attrs a = attrs_of(s);
    value_id x =
        kernel_case_input(c, x_shape(s), s->plain ? FTMRT_LAYOUT_PLAIN : FTMRT_LAYOUT_BLOCKED);
    value_id w = kernel_case_input(c, shape_4d(s->out, s->in, s->kh, s->kw), FTMRT_LAYOUT_CONV);
    kernel_case_node(c, graph_op(c->graph, OP_conv2d, &a, x, w), FTMRT_LAYOUT_BLOCKED);
    if (s->steps)
        add_steps(c, s->out);
}

static void grad_input(struct cases *all, const struct shapes *s)
{
    struct kernel_case *c = case_new(all, tolerance(s), label("conv2d_grad_input", s));
    struct attrs a = attrs_of(s);
    value_id dy = kernel_case_input(c, y_shape(s), FTMRT_LAYOUT_BLOCKED);
    value_id w = kernel_case_input(c, shape_4d(s->out, s->in, s->kh, s->kw), FTMRT_LAYOUT_CONV_T);
    kernel_case_node(c, graph_op(c->graph, OP_conv2d_grad_input, &a, dy, w), FTMRT_LAYOUT_BLOCKED);
    if (s->steps)
        add_steps(c, s->in);
}

static void grad_weight(struct cases *all, const struct shapes *s)
{
    struct kernel_case *c = case_new(all, tolerance(s), label("conv2d_grad_weight", s));
    struct attrs a = attrs_of(s);
    value_id x =
        kernel_case_input(c, x_shape(s), s->plain ? FTMRT_LAYOUT_PLAIN : FTMRT_LAYOUT_BLOCKED);
    value_id dy = kernel_case_input(c, y_shape(s), FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(c, graph_op(c->graph, OP_conv2d_grad_weight, &a, x, dy), FTMRT_LAYOUT_CONV);
}

static void all_forward(struct cases *all)
{
    for (int i = 0; i < COUNT; i++)
        forward(all, &table[i]);
}

static void test_forward(void **state)
{
    (void)state;
    check_at_every_level(MAX_BATCH, 4, all_forward);
}

static void all_grad_input(struct cases *all)
{
    for (int i = 0; i < COUNT; i++)
        grad_input(all, &table[i]);
}

static void test_grad_input(void **state)
{
    (void)state;
    check_at_every_level(MAX_BATCH, 4, all_grad_input);
}

static void all_grad_weight(struct cases *all)
{
    for (int i = 0; i < COUNT; i++)
        grad_weight(all, &table[i]);
}

static void test_grad_weight(void **state)
{
    (void)state;
    check_at_every_level(MAX_BATCH, 4, all_grad_weight);
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
