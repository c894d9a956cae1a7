/* link: ftm_graph ftm_ops ftm_base */
/* Every shape rule: the type it gives, and what it says about operands that do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "graph_support.h"

/* Values that the cases below use. */
static const char frame[] = "program p batch 32 shards 4 {\n"
                            "  state @w : f32[16, 32, 3, 3] parameter\n"
                            "  state @dw : f32[32, 1, 3, 3] parameter\n"
                            "  state @fc : f32[10, 64] parameter\n"
                            "  state @c : f32[32] buffer mutable\n"
                            "  state @v : f32[32] buffer mutable\n"
                            "  state @d : f32[24] buffer\n"
                            "  state @count : i64[] buffer mutable\n"
                            "  func f training {\n"
                            "    %x = input {label = \"x\"} : f32[N, 32, 16, 12]\n"
                            "    %y = input {label = \"y\"} : f32[N, 32, 8, 6]\n"
                            "    %z = input {label = \"z\"} : f32[N, 16, 16, 12]\n"
                            "    %f = input {label = \"f\"} : f32[N, 64]\n"
                            "    %p = input {label = \"p\"} : f32[N, 32, 1, 1]\n"
                            "    %label = input {label = \"label\"} : i32[N]\n"
                            "    %lr = input {label = \"lr\"} : f32[]\n"
                            "    %stats = input {label = \"stats\"} : f32[2, 32]\n"
                            "    %w = state @w\n"
                            "    %dw = state @dw\n"
                            "    %fc = state @fc\n"
                            "    %c = state @c\n"
                            "    %v = state @v\n"
                            "    %d = state @d\n"
                            "    %count = state @count\n"
                            "    %parts = split(%x) {sizes = [1, 20, 11]}\n"
                            "    %both = bn_stats(%x)\n"
                            "    %turned = transpose(%stats)\n"
                            "    %r = ";

static struct program *read_case(struct fixture *f, const char *node)
{
    return read_text(f, arena_printf(&f->arena, "%s%s\n  }\n}\n", frame, node));
}

static void types(void **state)
{
    struct fixture *f = *state;
    static const char *const cases[][2] = {
        {"conv2d(%x, %w)", "[N, 16, 14, 10]"},
        {"conv2d(%x, %w) {padding = [1, 1, 1, 1]}", "[N, 16, 16, 12]"},
        {"conv2d(%x, %w) {stride = [2, 2], padding = [0, 0, 1, 1]}", "[N, 16, 8, 6]"},
        {"conv2d(%x, %w) {stride = [2, 1], dilation = [2, 3]}", "[N, 16, 6, 6]"},
        {"conv2d(%x, %dw) {groups = 32, padding = [1, 1, 1, 1]}", "[N, 32, 16, 12]"},
        {"linear(%f, %fc)", "[N, 10]"},
        {"linear(%x, %stats)", "[N, 2, 16, 12]"},
        {"bias_add(%x, %c)", "[N, 32, 16, 12]"},
        {"batch_norm(%x, %c, %c, %c, %v) {eps = 1e-05}", "[N, 32, 16, 12]"},
        {"channel_affine(%x, %c, %v)", "[N, 32, 16, 12]"},
        {"bn_apply(%x, %stats, %c, %v)", "[N, 32, 16, 12]"},
        {"bn_grad_input(%x, %x, %stats, %stats, %c)", "[N, 32, 16, 12]"},
        {"bn_scale(%c, %v)", "[32]"},
        {"bn_stats(%x)", "[2, 32]"},
        {"bn_stats(%f)", "[2, 64]"},
        {"add(%x, %x)", "[N, 32, 16, 12]"},
        {"max_pool(%x) {kernel = [2, 2], stride = [2, 2]}", "[N, 32, 8, 6]"},
        {"max_pool(%x) {kernel = [3, 3], stride = [2, 2], padding = [1, 1, 1, 1]}",
         "[N, 32, 8, 6]"},
        {"max_pool(%x) {kernel = [3, 2], stride = [2, 3], dilation = [2, 1], ceil_mode = true}",
         "[N, 32, 7, 4]"},
        {"avg_pool(%x) {kernel = [2, 1], stride = [3, 4], padding = [1, 0, 1, 0], ceil_mode = "
         "true}",
         "[N, 32, 6, 3]"},
        {"adaptive_max_pool(%x) {size = [5, 12]}", "[N, 32, 5, 12]"},
        {"adaptive_avg_pool(%x) {size = [17, 1]}", "[N, 32, 17, 1]"},
        {"adaptive_max_pool_grad(%y, %x, %y) {size = [8, 6]}", "[N, 32, 16, 12]"},
        {"global_avg_pool(%x)", "[N, 32, 1, 1]"},
        {"interpolate(%x) {scale_factor = [1, 3]}", "[N, 32, 16, 36]"},
        {"interpolate(%x) {size = [7, 30], mode = 2, align_corners = true}", "[N, 32, 7, 30]"},
        {"interpolate_grad(%x) {in_size = [4, 30]}", "[N, 32, 4, 30]"},
        {"concat(%x, %x) {dim = 2}", "[N, 32, 32, 12]"},
        {"concat(%x, %x, %x)", "[N, 96, 16, 12]"},
        {"narrow(%x) {dim = 3, start = 11, length = 1}", "[N, 32, 16, 1]"},
        {"narrow(%f) {start = 60, length = 4}", "[N, 4]"},
        {"pixel_shuffle(%x) {upscale_factor = 4}", "[N, 2, 64, 48]"},
        {"pixel_unshuffle(%x) {downscale_factor = 4}", "[N, 512, 4, 3]"},
        {"pad(%x) {padding = [1, 2, 3, 4], value = 0.5}", "[N, 32, 20, 18]"},
        {"pad_grad(%x) {padding = [1, 2, 3, 4], mode = 2}", "[N, 32, 12, 6]"},
        {"flatten(%x)", "[N, 6144]"},
        {"flatten(%f)", "[N, 64]"},
        {"reshape(%f) {shape = [N, 64, 1, 1]}", "[N, 64, 1, 1]"},
        {"reshape(%fc) {shape = [10, 4, 4, 4]}", "[10, 4, 4, 4]"},
        {"scale_weight(%dw, %c)", "[32, 1, 3, 3]"},
        {"cross_entropy(%f, %label)", "[]"},
        {"cross_entropy(%p, %label)", "[]"},
        {"cross_entropy_grad(%p, %label, %lr)", "[N, 32, 1, 1]"},
        {"cross_entropy(%f, %f)", "[]"},
        {"mse(%p, %p)", "[]"},
        {"mse_grad(%p, %label, %lr)", "[N, 32, 1, 1]"},
        {"conv2d_grad_input(%z, %w) {padding = [1, 1, 1, 1], in_size = [16, 12]}",
         "[N, 32, 16, 12]"},
        {"conv2d_grad_weight(%x, %z) {padding = [1, 1, 1, 1], kernel = [3, 3]}", "[16, 32, 3, 3]"},
        {"conv2d_grad_weight(%x, %x) {groups = 32, padding = [1, 1, 1, 1], kernel = [3, 3]}",
         "[32, 1, 3, 3]"},
        {"channel_sum(%x)", "[32]"},
        {"channel_dot(%x, %x)", "[32]"},
        {"bn_grad_stats(%x, %x, %stats)", "[2, 32]"},
        {"split(%x) {sizes = [1, 20, 11]}", "[N, 6144]"},
        {"transpose(%stats)", "[32, 2]"},
        {"matmul(%turned, %stats)", "[32, 32]"},
        {"part(%parts) {index = 1}", "[N, 20, 16, 12]"},
        {"part(%both) {index = 1}", "[32]"},
        {"max_pool_grad(%y, %x, %y) {kernel = [2, 2], stride = [2, 2]}", "[N, 32, 16, 12]"},
        {"global_avg_pool_grad(%p) {in_size = [4, 5]}", "[N, 32, 4, 5]"},
        {"sgd(%v, %c, %v, %lr, %lr, %lr)", "[32]"},
        {"sgd_plain(%v, %c, %lr, %lr)", "[32]"},
        {"bn_update(%c, %v, %stats) {momentum = 0.1, in_size = [16, 12]}", "[32]"},
        {"count_update(%count)", "[]"},
        {"relayout(%x) {to = blocked} : f32[N, 32, 16, 12] blocked", "[N, 32, 16, 12]"},
        {"constant {value = 0.5, shape = [2, 3]}", "[2, 3]"},
        {"conv2d(%x, %dw) {groups = 32, padding = [1, 1, 1, 1]} then bias_add(%c) then relu6",
         "[N, 32, 16, 12]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        struct program *p = read_case(f, cases[i][0]);
        if (!p) {
            fail_msg("%s: %s", cases[i][0], f->diag.items.at[f->diag.items.len - 1].text);
            return;
        }
        const struct graph *g = p->functions.at[0];
        const struct shape *s = graph_shape(g, (value_id){g->nodes.len - 1});
        if (strcmp(shape_text(s, text, sizeof text), cases[i][1]) != 0)
            fail_msg("%s: %s, not %s", cases[i][0], text, cases[i][1]);
    }
}

static void reports(void **state)
{
    static const char *const cases[][2] = {
        {"conv2d(%z, %w)", "conv2d expects 32 input channels, its input has 16: [N, 16, 16, 12]"},
        {"conv2d(%f, %w)", "conv2d expects [N, C, H, W], its input is [N, 64]"},
        {"conv2d(%x, %fc)", "conv2d expects operand 2 of shape [O, I, KH, KW], it is [10, 64]"},
        {"conv2d(%p, %w)",
         "the window of conv2d is 3 high, more than its input [N, 32, 1, 1] with a padding of 0"},
        {"conv2d(%x, %w) {dilation = [1, 6]}", "the window of conv2d is 13 wide, more than its "
                                               "input [N, 32, 16, 12] with a padding of 0"},
        {"conv2d(%x, %w) {groups = 3}", "conv2d cannot divide 16 output channels into 3 groups"},
        {"conv2d(%x, %w) {groups = 0}", "conv2d expects groups from 1 to 1048576, it is 0"},
        {"conv2d(%x, %w) {stride = [0, 1]}", "conv2d expects stride from 1 to 1048576, it is 0"},
        {"conv2d(%x, %w) {stride = [1, 1000000000000]}",
         "conv2d expects stride from 1 to 1048576, it is 1000000000000"},
        {"conv2d(%x, %w) {padding = [0, -1, 0, 0]}",
         "conv2d expects padding from 0 to 1048576, it is -1"},
        {"conv2d(%x, %label)", "conv2d expects operand 2 of type F32, it is I32"},
        {"linear(%x, %fc)", "linear expects 64 input features, its input has 32: [N, 32, 16, 12]"},
        {"linear(%f, %c)", "linear expects operand 2 of shape [O, K], it is [32]"},
        {"bias_add(%x, %d)", "bias_add expects operand 2 of shape [32], it is [24]"},
        {"bias_add(%c, %c)", "bias_add expects [N, C, H, W] or [N, C], its input is [32]"},
        {"bn_apply(%x, %c, %c, %c)", "bn_apply expects operand 2 of shape [2, 32], it is [32]"},
        {"bn_grad_input(%x, %y, %stats, %stats, %c)",
         "bn_grad_input expects operand 2 of shape [N, 32, 16, 12], it is [N, 32, 8, 6]"},
        {"add(%x, %y)",
         "add expects inputs of one shape, they are [N, 32, 16, 12] and [N, 32, 8, 6]"},
        {"relu(%label)", "relu expects operand 1 of type F32, it is I32"},
        {"max_pool(%x) {kernel = [0, 2]}", "max_pool expects kernel from 1 to 1048576, it is 0"},
        {"max_pool(%x) {kernel = [3, 2], padding = [2, 2, 2, 2]}",
         "max_pool expects padding from 0 to 1, it is 2"},
        {"max_pool(%x) {kernel = [20, 2]}", "the window of max_pool is 20 high, more than its "
                                            "input [N, 32, 16, 12] with a padding of 0"},
        {"reshape(%f) {shape = [N, 63]}",
         "cannot reshape to [N, 63] from [N, 64]: the numbers of elements differ"},
        {"reshape(%f) {shape = [1, 64]}",
         "cannot reshape to [1, 64] from [N, 64]: the numbers of elements differ"},
        {"scale_weight(%dw, %d)", "scale_weight expects operand 2 of shape [32], it is [24]"},
        {"cross_entropy(%c, %label)",
         "cross_entropy expects logits [N, K] or [N, K, H, W], its input is [32]"},
        {"cross_entropy(%x, %label)",
         "cross_entropy expects operand 2 of shape [N, 16, 12], it is [N]"},
        {"label_shares(%f, %label, %c)",
         "label_shares expects operand 3 of shape [64], it is [32]"},
        {"label_weight(%f, %f, %c)", "label_weight expects operand 2 of type I32, it is F32"},
        {"cross_entropy(%f, %count)", "cross_entropy expects operand 2 of type I32, it is I64"},
        {"conv2d_grad_input(%z, %w) {in_size = [16, 12]}",
         "conv2d_grad_input: a result of [N, 16, 16, 12] does not belong to an input of [N, 32, "
         "16, 12]"},
        {"conv2d_grad_input(%z, %w) {in_size = [0, 12]}",
         "conv2d_grad_input expects in_size from 1 to 1048576, it is 0"},
        {"conv2d_grad_weight(%x, %y) {kernel = [3, 3]}",
         "conv2d_grad_weight: a result of [N, 32, 8, 6] does not belong to an input of [N, 32, 16, "
         "12]"},
        {"channel_dot(%x, %y)",
         "channel_dot expects operand 2 of shape [N, 32, 16, 12], it is [N, 32, 8, 6]"},
        {"bn_grad_stats(%x, %x, %c)",
         "bn_grad_stats expects operand 3 of shape [2, 32], it is [32]"},
        {"matmul(%stats, %stats)", "matmul expects operand 2 of shape [32, 32], it is [2, 32]"},
        {"matmul(%stats, %x)", "matmul expects a matrix [R, C], its input is [N, 32, 16, 12]"},
        {"transpose(%f)", "transpose expects a matrix [R, C], its input is [N, 64]"},
        {"part(%both) {index = 2}", "part expects index from 0 to 1, it is 2"},
        {"part(%parts) {index = -1}", "part expects index from 0 to 2, it is -1"},
        {"part(%f)", "part expects a value of several results, its input is [N, 64]"},
        {"split(%x) {sizes = [16, 15]}",
         "split expects sizes that add up to the 32 channels of its input, they add up to 31"},
        {"split(%x) {sizes = [32, 0]}", "split expects sizes from 1 to 32, it is 0"},
        {"max_pool_grad(%y, %x, %y) {kernel = [2, 2]}",
         "max_pool_grad: a result of [N, 32, 8, 6] does not belong to an input of [N, 32, 16, 12]"},
        {"global_avg_pool_grad(%y) {in_size = [4, 5]}",
         "global_avg_pool_grad: a result of [N, 32, 8, 6] does not belong to an input of [N, 32, "
         "4, 5]"},
        {"sgd_plain(%d, %c, %lr, %lr)",
         "sgd_plain expects inputs of one shape, they are [24] and [32]"},
        {"sgd_plain(%c, %v, %lr, %c)", "sgd_plain expects operand 4 of shape [], it is [32]"},
        {"bn_update(%c, %d, %stats) {in_size = [1, 1]}",
         "bn_update expects operand 2 of shape [32], it is [24]"},
        {"count_update(%lr)", "count_update expects operand 1 of type I64, it is F32"},
        {"constant {shape = [1000000, 1000000, 1000000]}",
         "the result of constant has more than 2^40 elements: [1000000, 1000000, 1000000]"},
        {"global_avg_pool_grad(%p) {in_size = [1000000, 1000000]}",
         "the result of global_avg_pool_grad has more than 2^40 elements: [N, 32, 1000000, "
         "1000000]"},
        {"conv2d(%x, %w) then bias_add(%c)",
         "bias_add expects operand 2 of shape [16], it is [32]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        void *fresh;
        fixture_setup(&fresh);
        struct fixture *f = fresh;
        if (read_case(f, cases[i][0]))
            fail_msg("%s is accepted", cases[i][0]);
        assert_int_equal(f->diag.items.len, 1);
        assert_int_equal(f->diag.items.at[0].span.line, 28);
        if (strcmp(f->diag.items.at[0].text, cases[i][1]) != 0)
            fail_msg("%s: %s", cases[i][0], f->diag.items.at[0].text);
        fixture_teardown(&fresh);
    }
}

static void features_are_counted(void **state)
{
    struct fixture *f = *state;
    value_id inputs[] = {graph_input(f->graph, "x", f32(shape_2d(DIM_BATCH, 1024))),
                         graph_constant(f->graph, 0, f32(shape_2d(10, 1280)))};
    assert_false(value_valid(graph_add(f->graph, OP_linear, inputs, 2, NULL, SPAN_NONE, "fc")));
    assert_string_equal(f->diag.items.at[0].text,
                        "linear expects 1280 input features, its input has 1024: [N, 1024]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(reports, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(features_are_counted, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
