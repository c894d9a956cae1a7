/* link: ftmrt_app m */
/* Intervals of shares against figures that their authors printed, and against scipy's. */
#include "shares.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void deviations_are_those_of_the_normal_distribution(void **state)
{
    (void)state;
    assert_float_equal(share_deviations(0.05), 1.959963984540054, 1e-12);
    assert_float_equal(share_deviations(0.05 / 1000), 4.055626981116073, 1e-9);
    assert_float_equal(share_deviations(0.001), 3.290526731491926, 1e-9);
}

/* 81 of 263, and 1 of 29: Newcombe 1998 (two-sided intervals for the single proportion), table I, method 3. */
static void shares_have_the_interval_of_their_score(void **state)
{
    (void)state;
    struct interval i = share_interval(81, 263, share_deviations(0.05));
    assert_float_equal(i.low, 0.2553, 5e-5);
    assert_float_equal(i.high, 0.3662, 5e-5);
    i = share_interval(1, 29, share_deviations(0.05));
    assert_float_equal(i.low, 0.0061, 5e-5);
    assert_float_equal(i.high, 0.1718, 5e-5);
    i = share_interval(29, 29, share_deviations(0.05));
    assert_float_equal(i.high, 1, 0);
    i = share_interval(0, 0, share_deviations(0.05));
    assert_float_equal(i.low, 0, 0);
    assert_float_equal(i.high, 1, 0);
}

static struct interval of(int64_t both, int64_t only_a, int64_t only_b, int64_t neither)
{
    const struct paired p = {both + only_a + only_b + neither, both, only_a, only_b, neither, 0};
    return paired_interval(&p, share_deviations(0.05));
}

/* Newcombe 1998, table III, method 10. */
static void differences_of_pairs_have_the_printed_interval(void **state)
{
    (void)state;
    struct interval i = of(36, 12, 2, 0);
    assert_float_equal(i.low, 0.0569, 5e-5);
    assert_float_equal(i.high, 0.3404, 5e-5);
    i = of(0, 0, 0, 54);
    assert_float_equal(i.low, -0.0664, 5e-5);
    assert_float_equal(i.high, 0.0664, 5e-5);
    i = of(0, 0, 0, 0);
    assert_float_equal(i.low, -1, 0);
    assert_float_equal(i.high, 1, 0);
}

/* Exchanged, both ends are; and answers that go together make it narrower. */
static void an_interval_knows_which_run_is_which(void **state)
{
    (void)state;
    const struct interval i = of(40, 9, 3, 8), back = of(40, 3, 9, 8), apart = of(40, 9, 3, 0);
    assert_float_equal(i.low, -back.high, 1e-15);
    assert_float_equal(i.high, -back.low, 1e-15);
    assert_true(i.high - i.low < apart.high - apart.low);
}

/* scipy.stats.binomtest(1, 9).pvalue, (0, 5) and (0, 6): the fewest samples that are a loss. */
static void chance_has_its_exact_probability(void **state)
{
    (void)state;
    assert_float_equal(paired_probability(&(struct paired){.only_a = 1, .only_b = 8}), 0.0390625,
                       1e-12);
    assert_float_equal(paired_probability(&(struct paired){.only_b = 5}), 0.0625, 1e-12);
    assert_float_equal(paired_probability(&(struct paired){.only_b = 6}), 0.03125, 1e-12);
    assert_float_equal(paired_probability(&(struct paired){.both = 7}), 1, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deviations_are_those_of_the_normal_distribution),
        cmocka_unit_test(shares_have_the_interval_of_their_score),
        cmocka_unit_test(differences_of_pairs_have_the_printed_interval),
        cmocka_unit_test(an_interval_knows_which_run_is_which),
        cmocka_unit_test(chance_has_its_exact_probability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
