/* link: ftmrt_recipe */
/* The table of what a recipe can say: rows, enum constants and reading of bound calls agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "recipe.h"

static void test_constants_name_their_rows(void **state)
{
    (void)state;
#define FTM_PARAM(call, param, type, value, min, max, pytorch, help)                               \
    assert_string_equal(ftmrt_call_info(FTMRT_CALL_##call)                                         \
                            ->params[(unsigned)FTMRT_PARAM_##call##_##param % FTMRT_PARAM_LIMIT]   \
                            .name,                                                                 \
                        #param);                                                                   \
    assert_int_equal((unsigned)FTMRT_PARAM_##call##_##param / FTMRT_PARAM_LIMIT, FTMRT_CALL_##call);
#define FTM_CALL(call, category, pytorch, help, ...)                                               \
    assert_string_equal(ftmrt_call_info(FTMRT_CALL_##call)->name, #call);                          \
    assert_int_equal(ftmrt_call_id(ftmrt_call_find(#call)), FTMRT_CALL_##call);                    \
    __VA_ARGS__
#include "calls.def"
}

static void test_names_are_unique(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FTMRT_CALL_COUNT; i++) {
        const struct ftmrt_call_info *info = ftmrt_call_info((enum ftmrt_call_id)i);
        assert_ptr_equal(ftmrt_call_find(info->name), info);
        assert_true(*info->help);
        for (unsigned k = 0; k < info->param_count; k++) {
            assert_true(*info->params[k].help);
            for (unsigned m = 0; m < k; m++)
                assert_string_not_equal(info->params[k].name, info->params[m].name);
        }
    }
    assert_null(ftmrt_call_find("conv2d"));
}

static void test_reading(void **state)
{
    (void)state;
    static const struct ftmrt_arg warmup[] = {{FTMRT_ARG_NUMBER, 0, {.number = 1.5}}};
    static const struct ftmrt_call cosine = {FTMRT_CALL_cosine, warmup};
    static const struct ftmrt_arg data_args[] = {{FTMRT_ARG_NONE, 0, {0}},
                                                 {FTMRT_ARG_CALLS, 1, {.calls = &cosine}},
                                                 {FTMRT_ARG_NONE, 0, {0}}};
    static const struct ftmrt_call data = {FTMRT_CALL_data, data_args};
    assert_true(ftmrt_call_number(&cosine, FTMRT_PARAM_cosine_warmup) == 1.5);
    assert_null(ftmrt_call_inner(&data, FTMRT_PARAM_data_train));
    assert_ptr_equal(ftmrt_call_inner(&data, FTMRT_PARAM_data_test), &cosine);
    assert_string_equal(ftmrt_category_text(FTMRT_CATEGORY_OPTIMIZER, true), "an optimizer");
}

static void every_loss_says_what_labels_it_takes(void **state)
{
    (void)state;
    for (unsigned i = 0; i < FTMRT_CALL_COUNT; i++)
        assert_int_equal(ftmrt_loss_info((enum ftmrt_call_id)i)->labels != 0,
                         ftmrt_call_info((enum ftmrt_call_id)i)->category == FTMRT_CATEGORY_LOSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constants_name_their_rows),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(every_loss_says_what_labels_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
