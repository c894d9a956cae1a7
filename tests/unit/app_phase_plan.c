/* link: ftmrt_app */
/* How many steps the phases of a recipe get. */
#include "phase_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define AT(param)       [FTMRT_PARAM_finetune_##param - FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT]
#define OF_PHASE(param) [FTMRT_PARAM_phase_##param - FTMRT_CALL_phase * FTMRT_PARAM_LIMIT]
#define INTEGER(v)      {.kind = FTMRT_ARG_INTEGER, .integer = (v)}
#define ONE_CALL(c)     {.kind = FTMRT_ARG_CALLS, .count = 1, .calls = (c)}

static const struct ftmrt_arg sgd_args[5] = {{.kind = FTMRT_ARG_NUMBER, .number = 0.25}};
static const struct ftmrt_call sgd = {FTMRT_CALL_sgd, sgd_args}, cosine = {FTMRT_CALL_cosine, NULL};

#define PHASE(called, n)                                                                           \
    {                                                                                              \
        FTMRT_CALL_phase, (const struct ftmrt_arg[])                                               \
        {                                                                                          \
            OF_PHASE(name) = {.kind = FTMRT_ARG_TEXT, .text = (called)},                           \
            OF_PHASE(epochs) = INTEGER(n), OF_PHASE(optimizer) = ONE_CALL(&sgd),                   \
            OF_PHASE(schedule) = ONE_CALL(&cosine)                                                 \
        }                                                                                          \
    }

static const struct ftmrt_call three[] = {PHASE("head", 1), PHASE("middle", 4), PHASE("thaw", 5)};
static const struct ftmrt_arg settings[] = {AT(phases) = {.kind = FTMRT_ARG_CALLS,
                                                          .count = 3,
                                                          .calls = three}},
                              plain_settings[] = {AT(epochs) = INTEGER(7),
                                                  AT(optimizer) = ONE_CALL(&sgd),
                                                  AT(phases) = {.kind = FTMRT_ARG_NONE}};
static const struct ftmrt_recipe recipe = {.finetune = {FTMRT_CALL_finetune, settings}},
                                 plain = {.finetune = {FTMRT_CALL_finetune, plain_settings}};

static void check_steps(int64_t epochs, int64_t max_steps, int64_t a, int64_t b, int64_t c)
{
    struct phase p[3];
    assert_true(phases_plan(&recipe, epochs, max_steps, 10, 0.5, p));
    assert_int_equal(p[0].steps, a);
    assert_int_equal(p[1].steps, b);
    assert_int_equal(p[2].steps, c);
    assert_int_equal(p[1].epochs, (b + 9) / 10);
}

static void phases_get_their_shares(void **state)
{
    (void)state;
    assert_int_equal(phases_count(&recipe), 3);
    assert_int_equal(phases_epochs(&recipe), 10);
    check_steps(10, -1, 10, 40, 50);
    check_steps(10, 1000, 10, 40, 50); /* no limit */
    check_steps(20, -1, 20, 80, 100);
    check_steps(3, -1, 10, 10, 10);
    check_steps(4, -1, 10, 10, 20);
    check_steps(10, 50, 5, 20, 25);
    check_steps(10, 3, 1, 1, 1);
}

static void too_few_are_refused(void **state)
{
    (void)state;
    struct phase p[3];
    assert_false(phases_plan(&recipe, 2, -1, 10, 0.5, p));
    assert_false(phases_plan(&recipe, 10, 2, 10, 0.5, p));
    assert_false(phases_plan(&recipe, 10, 0, 10, 0.5, p));
}

static void rates_are_those_of_the_phases(void **state)
{
    (void)state;
    struct phase p[3];
    assert_true(phases_plan(&recipe, 10, -1, 10, 0.5, p));
    assert_float_equal(p[0].lr, 0.5, 0);
    assert_float_equal(p[1].lr, 0.25, 0);
    assert_string_equal(p[2].name, "thaw");
    assert_ptr_equal(p[2].schedule, &cosine);
}

static void a_recipe_without_phases_is_one(void **state)
{
    (void)state;
    struct phase p;
    assert_true(phases_plan(&plain, 7, -1, 10, 0.5, &p));
    assert_null(p.name);
    assert_int_equal(p.steps, 70);
    assert_ptr_equal(phases_optimizer(&plain), &sgd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(phases_get_their_shares),
                                       cmocka_unit_test(too_few_are_refused),
                                       cmocka_unit_test(rates_are_those_of_the_phases),
                                       cmocka_unit_test(a_recipe_without_phases_is_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
