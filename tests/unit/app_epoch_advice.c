/* link: ftmrt_app */
/* What an epoch's figures say of the recipe. */
#include "epoch_advice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct ftmrt_arg no_args[8];
static const struct ftmrt_call loss = {FTMRT_CALL_cross_entropy, no_args},
                               optimizer = {FTMRT_CALL_sgd, no_args};
static const struct ftmrt_state statistic = {
    .name = "bn1.running_mean", .kind = FTMRT_STATE_BUFFER, .momentum = 0.01, .places = 9};
static const struct ftmrt_program plain, slow = {.state_count = 1, .states = &statistic};

static struct session session;

static struct trainer trainer_of(const struct ftmrt_program *p)
{
    session = (struct session){
        .program = p,
        .config = {.task = TASK_CLASS, .classes = 10, .loss = &loss, .optimizer = &optimizer}};
    return (struct trainer){.session = &session,
                            .validation = {.count = 100},
                            .phase_count = 1,
                            .schedule = {.lr = 0.1},
                            .progress = {.highest_epoch = 1}};
}

/* What is said of an epoch; "" for nothing. */
static const char *said(struct epoch_advice *a, const struct trainer *t,
                        const struct epoch_result *e)
{
    static char text[512];
    char *advice = epoch_advice(a, t, e);
    strncpy(text, advice ? advice : "", sizeof text - 1);
    free(advice);
    return text;
}

#define SAYS(e, what) assert_non_null(strstr(said(&(struct epoch_advice){0}, &t, &(e)), what))
#define SILENT_ON(e)  assert_string_equal(said(&(struct epoch_advice){0}, &t, &(e)), "")

static void a_loss_like_guessing(void **state)
{
    (void)state;
    struct trainer t = trainer_of(&plain);
    struct epoch_result e = {.epoch = 2, .step = 60, .train_loss = 2.3027, .highest = true};
    SAYS(e, "ln(10) = 2.303: nothing is learned yet; raise optimizer.lr (it is 0.1)");
    e.train_loss = 4;
    SAYS(e, "lower optimizer.lr");
    e.epoch = 1; /* too early to tell */
    SILENT_ON(e);
    e.step = 200;
    SAYS(e, "nothing is learned");
    e.train_loss = 2;
    SILENT_ON(e);
    e.train_loss = 4;
    session.config.task = TASK_NUMBERS;
    SILENT_ON(e);
}

/* Once the loss was below, as it is printed, an epoch above has lost something: it is not where all began. */
static void a_loss_that_was_below_guessing(void **state)
{
    (void)state;
    const struct trainer t = trainer_of(&plain);
    struct epoch_result e = {.epoch = 2, .step = 60, .train_loss = 2.302, .highest = true};
    struct epoch_advice a = {0};
    assert_string_equal(said(&a, &t, &e), "");
    e.epoch = 3;
    e.train_loss = 2.7;
    assert_string_equal(said(&a, &t, &e), "");
    SAYS(e, "nothing is learned");
}

/* The loss of mixed labels may lie above that of guessing, and that of smoothed ones hardly below. */
static void labels_that_leave_no_difference(void **state)
{
    (void)state;
    const struct trainer t = trainer_of(&plain);
    struct epoch_result e = {.epoch = 2, .step = 60, .train_loss = 2.31, .highest = true};
    SAYS(e, "nothing is learned");
    session.config.input_train.mix = &loss;
    SILENT_ON(e);
    e.train_loss = 100; /* no mixing does that */
    SAYS(e, "lower optimizer.lr");
    struct ftmrt_arg args[8] = {0};
    const struct ftmrt_call smoothed = {FTMRT_CALL_cross_entropy, args};
    struct ftmrt_arg *spread = &args[FTMRT_PARAM_cross_entropy_label_smoothing % FTMRT_PARAM_LIMIT];
    *spread = (struct ftmrt_arg){FTMRT_ARG_NUMBER, 0, {.number = 0.1}};
    session.config.input_train.mix = NULL;
    session.config.loss = &smoothed;
    e.train_loss = 2.31;
    SAYS(e, "nothing is learned");
    spread->number = 0.95;
    SILENT_ON(e);
}

static void training_far_above_validation(void **state)
{
    (void)state;
    struct trainer t = trainer_of(&plain);
    struct epoch_result e = {.epoch = 3,
                             .step = 90,
                             .train_loss = 0.1,
                             .train_accuracy = 0.99,
                             .validation_accuracy = 0.8,
                             .validated = true};
    SAYS(e, "training (99.0 %) is far above validation (80.0 %)");
    SAYS(e, "or lower optimizer.lr"); /* the first epoch is no length */
    t.progress.highest_epoch = 3;
    e.epoch = 5;
    SAYS(e, "or stop at --epochs 3");
    e.highest = true; /* validation still gains */
    SILENT_ON(e);
    e.highest = false;
    t.validation.count = 10; /* too few to tell */
    SILENT_ON(e);
    t = trainer_of(&slow);
    SAYS(
        e,
        "40 % of the old values are left in 'bn1.running_mean' after 90 steps; raise the momentum");
    e.step = 1000;
    SAYS(e, "learns the samples by heart");
    e.train_accuracy = e.validation_accuracy = NAN; /* no classes */
    SILENT_ON(e);
}

static void validation_that_no_longer_moves(void **state)
{
    (void)state;
    struct trainer t = trainer_of(&plain);
    struct epoch_result e = {.epoch = 5, .step = 900, .train_loss = 0.1, .validated = true};
    const struct epoch_advice one = {.moved = 1, .loss = 0.5, .has_loss = true};
    struct epoch_advice a = one;
    e.validation_loss = 0.5;
    assert_string_equal(said(&a, &t, &e), ""); /* not for long enough */
    e.epoch = 6;
    assert_non_null(strstr(said(&a, &t, &e), "since epoch 1, neither accuracy nor loss: add"));
    e.epoch = 7; /* was said */
    assert_string_equal(said(&a, &t, &e), "");
    e.epoch = 12;
    assert_non_null(strstr(said(&a, &t, &e), "not improved"));
    t.progress.highest_epoch = 10;
    a = one;
    e.epoch = 15;
    assert_non_null(strstr(said(&a, &t, &e), "since epoch 10, neither accuracy nor loss: "
                                             "--epochs 10 is enough, or lower optimizer.lr"));
    a = (struct epoch_advice){.moved = 30, .loss = 0.5, .has_loss = true};
    e.epoch = 40;
    assert_string_equal(said(&a, &t, &e), ""); /* a quarter of the epochs is no long time */
    a = one;
    e.step = 40; /* one in each epoch: too early to tell */
    assert_string_equal(said(&a, &t, &e), "");
    e.validated = false;
    SILENT_ON(e);
}

/* The epoch of the highest accuracy may be long ago: as long as the loss falls, validation moves. */
static void a_loss_that_still_falls(void **state)
{
    (void)state;
    const struct trainer t = trainer_of(&plain);
    struct epoch_result e = {.step = 900, .train_loss = 0.1, .validated = true};
    struct epoch_advice a = {0};
    for (e.epoch = 1; e.epoch <= 18; e.epoch++) {
        e.validation_loss = 0.341 - 0.002 * (double)e.epoch;
        assert_string_equal(said(&a, &t, &e), "");
    }
    for (; e.epoch < 27; e.epoch++)
        assert_string_equal(said(&a, &t, &e), "");
    assert_non_null(strstr(said(&a, &t, &e), "since epoch 18, neither accuracy nor loss: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_like_guessing),
        cmocka_unit_test(a_loss_that_was_below_guessing),
        cmocka_unit_test(labels_that_leave_no_difference),
        cmocka_unit_test(training_far_above_validation),
        cmocka_unit_test(validation_that_no_longer_moves),
        cmocka_unit_test(a_loss_that_still_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
