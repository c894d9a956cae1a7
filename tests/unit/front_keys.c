/* link: ftm_front ftm_graph ftm_ops ftm_base */
/* Keys of weight files: renaming, patterns; conversion of data types. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bind.h"

static struct arena arena;

static void expect_renaming(void **state)
{
    (void)state;
    const char *from = "features.{i}.conv.{j}", *to = "blocks.{i}.c{j}";
    assert_string_equal(bind_rename(&arena, from, to, "features.3.conv.0.weight"),
                        "blocks.3.c0.weight");
    assert_string_equal(bind_rename(&arena, from, to, "features.12.conv.1"), "blocks.12.c1");
    assert_null(bind_rename(&arena, from, to, "features.3.bn.0.weight"));
    assert_string_equal(bind_rename(&arena, "layer1", "stage1", "layer1.weight"), "stage1.weight");
    assert_null(bind_rename(&arena, "layer1", "stage1", "layer10.weight"));
    assert_string_equal(bind_rename(&arena, "model", "", "model.fc.bias"), "fc.bias");
    assert_string_equal(bind_rename(&arena, "l{n}x.b", "m{n}{n}", "lxx.b.w"), "mxx.w");
}

static void expect_defects_of_renaming(void **state)
{
    (void)state;
    assert_null(bind_rename_defect(&arena, "a.{i}", "b.{i}"));
    assert_non_null(bind_rename_defect(&arena, "a.{i}", "b.{j}"));
    assert_non_null(bind_rename_defect(&arena, "a.{i", "b"));
    assert_non_null(bind_rename_defect(&arena, "a.i}", "b"));
    assert_non_null(bind_rename_defect(&arena, "a.{}", "b"));
    assert_non_null(bind_rename_defect(&arena, "a.{i}{j}", "b"));
    assert_non_null(bind_rename_defect(&arena, "", "b"));
}

static void expect_patterns_by_components(void **state)
{
    (void)state;
    assert_true(bind_path_match(&arena, "fc", "fc.weight"));
    assert_true(bind_path_match(&arena, "fc.*", "fc.weight"));
    assert_true(bind_path_match(&arena, "**.bias", "layer1.0.bn.bias"));
    assert_true(bind_path_match(&arena, "layer*", "layer10.0.weight"));
    assert_false(bind_path_match(&arena, "layer1", "layer10.0.weight"));
}

static double element(enum ftmrt_dtype dtype, const void *bytes)
{
    const struct weight_tensor t = {.dtype = dtype, .rank = 0, .data = bytes};
    return bind_element(&t, 0);
}

static void expect_half_floats(void **state)
{
    (void)state;
    const uint16_t one = 0x3c00, least = 0x0001, largest = 0x7bff, minus_two = 0xc000, inf = 0x7c00,
                   nan = 0x7e00;
    assert_true(element(FTMRT_F16, &one) == 1.0);
    assert_true(element(FTMRT_F16, &least) == ldexp(1.0, -24));
    assert_true(element(FTMRT_F16, &largest) == 65504.0);
    assert_true(element(FTMRT_F16, &minus_two) == -2.0);
    assert_true(isinf(element(FTMRT_F16, &inf)));
    assert_true(isnan(element(FTMRT_F16, &nan)));
    const uint16_t bf16 = 0x3fc0;
    assert_true(element(FTMRT_BF16, &bf16) == 1.5);
}

static void expect_conversion(void **state)
{
    (void)state;
    const double wide[2] = {0.1, -3};
    struct weight_tensor t = {
        .dtype = FTMRT_F64, .rank = 1, .dim = {2}, .data = (const void *)wide, .bytes = 16};
    bind_convert(&arena, &t);
    assert_int_equal(t.dtype, FTMRT_F32);
    assert_int_equal(t.bytes, 8);
    float narrow[2];
    memcpy(narrow, t.data, sizeof narrow);
    assert_true(narrow[0] == 0.1F && narrow[1] == -3.0F);
    const int16_t count = -7;
    struct weight_tensor c = {
        .dtype = FTMRT_I16, .rank = 0, .data = (const void *)&count, .bytes = 2};
    bind_convert(&arena, &c);
    assert_int_equal(c.dtype, FTMRT_I64);
    int64_t value;
    memcpy(&value, c.data, sizeof value);
    assert_int_equal(value, -7);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, "test");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expect_renaming),
        cmocka_unit_test(expect_defects_of_renaming),
        cmocka_unit_test(expect_patterns_by_components),
        cmocka_unit_test(expect_half_floats),
        cmocka_unit_test(expect_conversion),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
