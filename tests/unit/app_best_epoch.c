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
                                 .score = accuracy[i],
                                 .score_is_share = true,
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

/* Of a later phase only what is better than the phases before it. */
static void a_phase_has_to_gain(void **state)
{
    (void)state;
    struct progress p;
    static const double head[] = {0.5, 0.9375};
    assert_int_equal(best(head, 2, 16, &p), 2);
    p.phase_before = p.best;
    struct epoch_result e = {.epoch = 3,
                             .score = 0.9375,
                             .score_is_share = true,
                             .validation_loss = 0.1,
                             .validated = true};
    best_epoch_note(&p, &e, 16);
    assert_false(e.best);
    e.score = 1;
    e.epoch = 4;
    best_epoch_note(&p, &e, 16);
    assert_true(e.best);
    e.score = 0.9375;
    e.epoch = 5;
    best_epoch_note(&p, &e, 16);
    assert_false(e.best); /* less than a standard error below, but no gain */
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
    struct epoch_result e = {.epoch = 1,
                             .validation_loss = 2,
                             .score = -2,
                             .validation_accuracy = NAN,
                             .validated = true};
    best_epoch_note(&p, &e, 10);
    assert_true(e.best);
    e = (struct epoch_result){.epoch = 2,
                              .validation_loss = 2.01,
                              .score = -2.01,
                              .validation_accuracy = NAN,
                              .validated = true};
    best_epoch_note(&p, &e, 10);
    assert_false(e.best); /* of losses the lowest */
    e = (struct epoch_result){.epoch = 3,
                              .validation_loss = NAN,
                              .validation_accuracy = 1,
                              .score = 1,
                              .validated = true};
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

/* Three classes, of which the last has neither labels nor answers: labels 0 0 0 0 1 1, answers 0 0 0 1 1 0. Precision,
 * recall and F1 are 3/4 of the first and 1/2 of the second. */
static void scores_are_means_over_the_classes_that_there_are(void **state)
{
    (void)state;
    int64_t confusion[] = {3, 1, 0, 1, 1, 0, 0, 0, 0}, samples_of[] = {4, 2, 0},
            predicted_as[] = {4, 2, 0}, right_of[] = {3, 1, 0};
    const struct metrics m = {.task = TASK_CLASS,
                              .classes = 3,
                              .count = 6,
                              .correct = 4,
                              .loss_sum = 3,
                              .weight_sum = 6,
                              .confusion = confusion,
                              .samples_of = samples_of,
                              .predicted_as = predicted_as,
                              .right_of = right_of};
    assert_float_equal(best_epoch_score(BEST_BY_MACRO_F1, &m), 0.625, 1e-12);
    assert_float_equal(best_epoch_score(BEST_BY_BALANCED_ACCURACY, &m), 0.625, 1e-12);
    assert_float_equal(best_epoch_score(BEST_BY_ACCURACY, &m), 4.0 / 6, 1e-12);
    assert_float_equal(best_epoch_score(BEST_BY_AUTO, &m), 4.0 / 6, 1e-12);
    assert_float_equal(best_epoch_score(BEST_BY_LOSS, &m), -0.5, 1e-12);
}

static void epochs_without_a_gain_are_counted(void **state)
{
    (void)state;
    static const double scores[] = {0.5, 0.6, 0.605, 0.6099, 0.7, 0.7};
    static const int64_t waited[] = {0, 0, 1, 2, 0, 1};
    struct progress p = progress_start();
    for (int i = 0; i < 6; i++) {
        early_stop_note(&p, &(struct epoch_result){.score = scores[i], .validated = true}, 0.01);
        assert_int_equal(p.stop_waited, waited[i]);
    }
    p = progress_start();
    for (int i = 0; i < 3; i++) { /* nothing validates: the loss of training */
        early_stop_note(&p, &(struct epoch_result){.train_loss = i == 1 ? 1 : 2}, 0);
        assert_int_equal(p.stop_waited, i == 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phase_has_to_gain),
        cmocka_unit_test(later_ones_that_are_no_clear_step_below_are_kept),
        cmocka_unit_test(steps_down_do_not_add_up),
        cmocka_unit_test(figures_that_are_none),
        cmocka_unit_test(scores_are_means_over_the_classes_that_there_are),
        cmocka_unit_test(epochs_without_a_gain_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
