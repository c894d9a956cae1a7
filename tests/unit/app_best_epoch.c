/* link: ftmrt_app */
/* Which epoch's weights are kept. */
#include "best_epoch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The best epoch after epochs with such accuracies, and losses that fall, of so many samples. */
static int64_t best(const double *accuracy, int epochs, int64_t count, struct progress *p)
{
    *p = progress_start();
    for (int i = 0; i < epochs; i++) {
        struct epoch_result e = {.epoch = i + 1,
                                 .validation_accuracy = accuracy[i],
                                 .validation_loss = 1.0 / (i + 1),
                                 .validated = true};
        best_epoch_note(p, &e, count);
        assert_true(e.best || !e.highest);
    }
    return p->best_epoch;
}

static void later_ones_that_are_no_clear_step_below_are_kept(void **state)
{
    (void)state;
    struct progress p;
    static const double lucky[] = {0.5, 1.0, 0.9375, 0.9375}, fallen[] = {0.5, 1.0, 0.9375, 0.75};
    assert_int_equal(best(lucky, 4, 16, &p), 4); /* one of 16 is chance, */
    assert_float_equal(p.best, 0.9375, 0);
    assert_float_equal(p.best_loss, 0.25, 0);
    assert_int_equal(p.highest_epoch, 2);
    assert_float_equal(p.highest, 1, 0);
    assert_int_equal(best(lucky, 4, 1600, &p), 2); /* a hundred of 1,600 are none, */
    assert_int_equal(best(fallen, 4, 16, &p), 3);  /* nor are four of 16 */
    static const double many[] = {0.900, 0.920, 0.912, 0.913};
    assert_int_equal(best(many, 4, 1000, &p), 4); /* a standard error is 0.0086 */
    assert_int_equal(best(many, 3, 1200, &p), 2); /* and here 0.0079 */
    assert_int_equal(best(many, 2, 2, &p), 2);
}

static void steps_down_do_not_add_up(void **state)
{
    (void)state;
    struct progress p;
    static const double sinking[] = {0.92, 0.915, 0.91, 0.905};
    assert_int_equal(best(sinking, 4, 1000, &p), 2); /* each is measured from the highest */
}

static void figures_that_are_none(void **state)
{
    (void)state;
    struct progress p = progress_start();
    struct epoch_result e = {
        .epoch = 1, .validation_loss = 2, .validation_accuracy = NAN, .validated = true};
    best_epoch_note(&p, &e, 10);
    assert_true(e.best);
    e = (struct epoch_result){
        .epoch = 2, .validation_loss = 2.01, .validation_accuracy = NAN, .validated = true};
    best_epoch_note(&p, &e, 10);
    assert_false(e.best); /* of losses the lowest */
    e = (struct epoch_result){
        .epoch = 3, .validation_loss = NAN, .validation_accuracy = 1, .validated = true};
    best_epoch_note(&p, &e, 10);
    assert_false(e.best);
    assert_int_equal(p.best_epoch, 1);
    p = progress_start();
    for (int i = 1; i <= 3; i++) {
        e = (struct epoch_result){.epoch = i, .validation_loss = NAN, .validation_accuracy = NAN};
        best_epoch_note(&p, &e, 0);
        assert_true(e.best); /* nothing validates: the last */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_ones_that_are_no_clear_step_below_are_kept),
        cmocka_unit_test(steps_down_do_not_add_up),
        cmocka_unit_test(figures_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
