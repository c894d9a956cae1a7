/* link: ftm_kernel_run */
/* interpolate and pad with their gradients: each mode, maps that grow and shrink by whole factors and by others, to and from
 * one place; tails of channels; padding of more than half a map. */
#include "kernel_families.h"

#include <string.h>

#include "resample.h"

static const struct sizes {
    int64_t channels, height, width, to_height, to_width;
} sizes[] = {
    {3, 4, 5, 8, 10}, {17, 7, 5, 7, 5}, {16, 5, 4, 9, 11}, {33, 8, 9, 3, 4},
    {1, 1, 1, 3, 5},  {15, 6, 7, 1, 1}, {16, 3, 4, 30, 5}, {20, 2, 16, 3, 16},
};

/* To a size, or by a factor that would make it a little larger than whole. */
static void make_interpolate(struct cases *c, const struct sizes *s, int64_t mode, bool align,
                             bool by_factor)
{
    struct attrs a = {.in_size = {s->height, s->width}, .mode = mode, .align_corners = align};
    if (by_factor) {
        a.scale_factor[0] = ((double)s->to_height + 0.3) / (double)s->height;
        a.scale_factor[1] = ((double)s->to_width + 0.3) / (double)s->width;
    } else {
        a.size[0] = s->to_height;
        a.size[1] = s->to_width;
    }
    struct kernel_case *k = case_new(c, mode == INTERPOLATE_BILINEAR ? 2e-6 : 0, "interpolate");
    value_id x = kernel_case_input(k, shape_4d(DIM_BATCH, s->channels, s->height, s->width),
                                   FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_interpolate, &a, x), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_relu, NULL, NULL, 0);
    k = case_new(c, 2e-6, "interpolate_grad");
    value_id dy = kernel_case_input(k, shape_4d(DIM_BATCH, s->channels, s->to_height, s->to_width),
                                    FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_interpolate_grad, &a, dy), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_sigmoid, NULL, NULL, 0);
}

static void make_interpolations(struct cases *c)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make_interpolate(c, &sizes[i], INTERPOLATE_NEAREST, false, false);
        make_interpolate(c, &sizes[i], INTERPOLATE_NEAREST_EXACT, false, false);
        make_interpolate(c, &sizes[i], INTERPOLATE_BILINEAR, false, false);
        make_interpolate(c, &sizes[i], INTERPOLATE_BILINEAR, true, false);
        make_interpolate(c, &sizes[i], INTERPOLATE_NEAREST, false, true);
        make_interpolate(c, &sizes[i], INTERPOLATE_BILINEAR, false, true);
    }
}

static const struct padding {
    int64_t channels, height, width, padding[4];
} paddings[] = {
    {3, 4, 5, {1, 1, 1, 1}},  {17, 3, 7, {2, 0, 1, 5}}, {16, 6, 6, {0, 3, 0, 0}},
    {33, 5, 2, {4, 1, 4, 1}}, {15, 2, 9, {0, 0, 1, 8}}, {1, 6, 4, {0, 0, 0, 0}},
};

static void make_pad(struct cases *c, const struct padding *p, int64_t mode, double value)
{
    struct attrs a = {.mode = mode, .value = value};
    memcpy(a.padding, p->padding, sizeof a.padding);
    struct shape in = shape_4d(DIM_BATCH, p->channels, p->height, p->width), out = in;
    out.dim[2] += p->padding[0] + p->padding[2];
    out.dim[3] += p->padding[1] + p->padding[3];
    struct kernel_case *k = case_new(c, 0, "pad");
    value_id x = kernel_case_input(k, in, FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_pad, &a, x), FTMRT_LAYOUT_BLOCKED);
    k = case_new(c, 1e-6, "pad_grad");
    value_id dy = kernel_case_input(k, out, FTMRT_LAYOUT_BLOCKED);
    kernel_case_node(k, graph_op(k->graph, OP_pad_grad, &a, dy), FTMRT_LAYOUT_BLOCKED);
    kernel_case_step(k, OP_relu, NULL, NULL, 0);
}

static void make_paddings(struct cases *c)
{
    for (size_t i = 0; i < sizeof paddings / sizeof *paddings; i++) {
        make_pad(c, &paddings[i], PAD_CONSTANT, 0);
        make_pad(c, &paddings[i], PAD_CONSTANT, -1.5);
        make_pad(c, &paddings[i], PAD_REFLECT, 0);
        make_pad(c, &paddings[i], PAD_REPLICATE, 0);
    }
}

static void test_interpolate(void **state)
{
    (void)state;
    at_every_level(make_interpolations);
}

static void test_pad(void **state)
{
    (void)state;
    at_every_level(make_paddings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_interpolate),
                                       cmocka_unit_test(test_pad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
