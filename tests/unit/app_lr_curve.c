/* link: ftmrt_app */
/* What losses over rising rates say. */
#include "lr_curve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Flat, then a fall in the middle of which the rate is 1e-3, lowest at 1e-1, then lost. */
static double loss_at(double rate)
{
    const double x = log10(rate);
    return x < -4   ? 2
           : x < -2 ? 1.25 + 0.75 * cos(M_PI * (x + 4) / 2)
           : x < -1 ? 0.5 - 0.1 * (x + 2)
                    : 0.4 + 8 * (x + 1);
}

static void the_fall_is_found(void **state)
{
    (void)state;
    struct lr_curve c;
    struct lr_hint hint;
    lr_curve_open(&c, 1e-7, 10, 161);
    assert_true(fabs(lr_curve_rate(&c, 0) - 1e-7) < 1e-15 &&
                fabs(lr_curve_rate(&c, 160) - 10) < 1e-9);
    int64_t step = 0;
    while (step < 161 &&
           lr_curve_add(&c, loss_at(lr_curve_rate(&c, step)) + (step % 2 ? 0.01 : -0.01)))
        step++;
    assert_true(step > 120 && step < 135); /* four times the lowest is soon behind 1e-1 */
    assert_true(lr_curve_hint(&c, &hint));
    assert_true(fabs(log10(lr_curve_rate(&c, hint.steepest)) + 3) < 0.3);
    assert_true(fabs(log10(lr_curve_rate(&c, hint.lowest)) + 1) < 0.5);
    lr_curve_close(&c);
}

static void noise_is_no_fall(void **state)
{
    (void)state;
    struct lr_curve c;
    struct lr_hint hint;
    lr_curve_open(&c, 1e-7, 10, 100);
    for (int i = 0; i < 100; i++)
        assert_true(lr_curve_add(&c, 2 + 0.1 * sin(i * i)));
    assert_false(lr_curve_hint(&c, &hint));
    lr_curve_close(&c);
    lr_curve_open(&c, 1e-7, 10, 20);
    assert_false(lr_curve_add(&c, NAN));
    assert_int_equal(c.count, 0);
    assert_false(lr_curve_hint(&c, &hint));
    lr_curve_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fall_is_found),
        cmocka_unit_test(noise_is_no_fall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
