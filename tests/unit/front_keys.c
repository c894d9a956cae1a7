/* link: ftm_bind ftm_lang ftm_weights ftm_graph ftm_ops ftm_base */
/* Keys of weight files: renaming, patterns, data types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bind_parts.h"
#include "str.h"

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
    assert_string_equal(bind_rename(&arena, "{**l}.gamma", "{**l}.weight", "a.b.gamma"),
                        "a.b.weight");
    assert_string_equal(bind_rename(&arena, "{**l}._orig_mod", "{**l}", "a.b._orig_mod.w"),
                        "a.b.w");
    assert_null(bind_rename(&arena, "{l}.gamma", "{l}.weight", "a.b.gamma"));
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
    assert_true(str_path_match_above(&arena, "fc", "fc.weight"));
    assert_true(str_path_match_above(&arena, "fc.*", "fc.weight"));
    assert_true(str_path_match_above(&arena, "**.bias", "layer1.0.bn.bias"));
    assert_true(str_path_match_above(&arena, "layer*", "layer10.0.weight"));
    assert_false(str_path_match_above(&arena, "layer1", "layer10.0.weight"));
}

static void expect_types(void **state)
{
    (void)state;
    assert_true(ftmrt_dtype_is_float(FTMRT_BF16) && !ftmrt_dtype_is_float(FTMRT_I64) &&
                !ftmrt_dtype_is_float(FTMRT_BOOL));
    const uint16_t halves[4] = {0x3c00, 0x7c00, 0x7e00, 0x7bff};
    const struct weight_tensor t = {
        .dtype = FTMRT_F16, .rank = 1, .dim = {4}, .bytes = 8, .data = (const void *)halves};
    assert_int_equal(weight_count_not_finite(&t), 2);
    assert_string_equal(weight_shape_text(&arena, &t), "[4]");
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
        cmocka_unit_test(expect_types),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
