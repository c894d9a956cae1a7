/* link: ftmrt_app */
/* The recipe of a program as the application sees it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARGS(...)                                                                                  \
    (const struct ftmrt_arg[]) { __VA_ARGS__ }
#define NONE       {.kind = FTMRT_ARG_NONE}
#define INTEGER(v) {.kind = FTMRT_ARG_INTEGER, .integer = (v)}
#define NUMBER(v)  {.kind = FTMRT_ARG_NUMBER, .number = (v)}
#define TEXT(v)    {.kind = FTMRT_ARG_TEXT, .text = (v)}
#define CALL(id, args)                                                                             \
    {                                                                                              \
        .kind = FTMRT_ARG_CALLS, .count = 1, .calls = &(const struct ftmrt_call) { id, args }      \
    }

static const double mean[] = {0.5}, std[] = {0.25};
static const char *const names[] = {"a", "b"};

/* A setting by its parameter: the order of the rows is theirs. */
#define AT(param) [FTMRT_PARAM_finetune_##param - FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT]

enum { SETTINGS = FTMRT_PARAM_finetune_phases - FTMRT_CALL_finetune * FTMRT_PARAM_LIMIT + 1 };

static const struct ftmrt_arg settings[SETTINGS] = {
    AT(model) = TEXT("net()"),
    AT(labels) = {.kind = FTMRT_ARG_TEXTS, .count = 2, .texts = names},
    AT(weights) = TEXT("some/where/net.pth"),
    AT(data) =
        CALL(FTMRT_CALL_data,
             ARGS(CALL(FTMRT_CALL_npy, ARGS(TEXT("x"), TEXT("y"), INTEGER(FTMRT_LABEL_INDEX))),
                  NONE, NUMBER(10), TEXT("exact"), NONE, NONE, NONE, TEXT("skip"), TEXT("natural"),
                  TEXT("auto"), TEXT("white"), TEXT("ignore"), TEXT("fast"),
                  CALL(FTMRT_CALL_memory, NULL), INTEGER(500), NONE)),
    AT(transform) = CALL(
        FTMRT_CALL_transform,
        ARGS(CALL(FTMRT_CALL_resize, ARGS(INTEGER(2), NONE, TEXT("bilinear"))),
             CALL(FTMRT_CALL_normalize,
                  ARGS({.kind = FTMRT_ARG_NUMBERS, .count = 1, .numbers = mean},
                       {.kind = FTMRT_ARG_NUMBERS, .count = 1, .numbers = std}, NUMBER(255))))),
    AT(loss) = CALL(FTMRT_CALL_mse, NULL),
    AT(optimizer) =
        CALL(FTMRT_CALL_sgd, ARGS(NUMBER(0.5), NUMBER(0.25), NUMBER(0), INTEGER(0), NUMBER(0))),
    AT(schedule) = CALL(FTMRT_CALL_cosine, ARGS(NUMBER(1))),
    AT(epochs) = INTEGER(3),
    AT(batch) = INTEGER(4),
    AT(seed) = INTEGER(5),
    AT(shuffle) = INTEGER(1),
    AT(save) = TEXT("changed"),
    AT(best) = TEXT("macro_f1"),
    AT(thresholds) = TEXT("half"),
};

static const struct ftmrt_value
    input = {.name = "image", .role = FTMRT_ROLE_INPUT, .rank = 4, .dim = {FTMRT_BATCH, 1, 2, 3}},
    logits = {.name = "y", .role = FTMRT_ROLE_LOGITS, .rank = 2, .dim = {FTMRT_BATCH, 2}};

static const struct ftmrt_entry entry = {.name = "predict",
                                         .scope = "",
                                         .max_n = 1,
                                         .inputs = &input,
                                         .input_count = 1,
                                         .outputs = &logits,
                                         .output_count = 1};

/* Training takes larger images, through an entry that computes features of them. */
static const struct ftmrt_value
    larger = {.name = "image", .role = FTMRT_ROLE_INPUT, .rank = 4, .dim = {FTMRT_BATCH, 1, 4, 6}},
    feature = {.name = "f", .role = FTMRT_ROLE_FEATURE, .rank = 2, .dim = {FTMRT_BATCH, 8}};

static const struct ftmrt_entry entries_of_two_sizes[] = {
    {.name = "train",
     .kind = FTMRT_ENTRY_TRAIN,
     .scope = "",
     .max_n = 1,
     .inputs = &feature,
     .input_count = 1},
    {.name = "prefix",
     .kind = FTMRT_ENTRY_PREFIX,
     .scope = "",
     .max_n = 1,
     .inputs = &larger,
     .input_count = 1},
    {.name = "predict",
     .scope = "",
     .max_n = 1,
     .inputs = &input,
     .input_count = 1,
     .outputs = &logits,
     .output_count = 1},
};

static bool read_settings(struct config *c, const struct ftmrt_arg *args)
{
    const struct ftmrt_recipe recipe = {
        .name = "net", .base = "/data", .finetune = {FTMRT_CALL_finetune, args}};
    const struct ftmrt_program p = {.recipe = &recipe, .entries = &entry, .entry_count = 1};
    return config_read(c, &p);
}

static void a_recipe_is_read(void **state)
{
    (void)state;
    struct config c;
    assert_true(read_settings(&c, settings));
    assert_string_equal(c.input_eval.name, "image");
    assert_int_equal(c.input_eval.channels, 1);
    assert_int_equal(c.input_eval.height, 2);
    assert_int_equal(c.input_eval.width, 3);
    assert_false(config_two_sizes(&c));
    assert_int_equal(c.input_train.height, 2); /* as there is no entry that trains */
    assert_int_equal(c.classes, 2);
    double lr = 0, other = 0;
    assert_true(network_scalar(c.optimizer, "lr", &lr));
    assert_float_equal(lr, 0.5, 0);
    assert_false(network_scalar(c.optimizer, "nesterov", &other)); /* a switch, not a number */
    assert_false(network_scalar(c.optimizer, "beta", &other));
    assert_int_equal(c.epochs, 3);
    assert_int_equal(c.input_train.transform.count, 1);
    const struct ftmrt_call *resize = &c.input_train.transform.steps[0];
    assert_int_equal(ftmrt_call_integer(resize, FTMRT_PARAM_resize_height), 2);
    assert_string_equal(ftmrt_call_text(c.train, FTMRT_PARAM_npy_images), "x");
    assert_null(c.test);
    assert_null(c.validation);
    assert_float_equal(c.validation_percent, 10, 0);
    assert_int_equal(c.split, SPLIT_EXACT);
    assert_int_equal(c.pictures.alpha, FTMRT_ALPHA_WHITE);
    assert_int_equal(c.pictures.exif, FTMRT_EXIF_IGNORE);
    assert_true(c.fast_jpeg);
    assert_int_equal(c.pictures.least.shorter, 0); /* evaluation takes pictures as they are */
    assert_int_equal(c.cache.budget, 500);
    assert_int_equal(c.cache.place, FTMRT_CALL_memory);
    assert_string_equal(c.weights, "net.pth");
    assert_string_equal(c.labels[1], "b");
    assert_int_equal(c.seed, 5);
    assert_true(c.shuffle);
    assert_int_equal(c.save, SAVE_CHANGED);
    assert_int_equal(c.best, BEST_BY_MACRO_F1);
    assert_int_equal(c.patience, 0);
    assert_true(c.ema == 0);
    assert_int_equal(c.task, TASK_CLASS);
    assert_int_equal(c.output_count, 2);
    assert_null(c.input_train.mix);
    assert_string_equal(c.preprocess,
                        "[{\"mean\":[0.5],\"op\":\"normalize\",\"scale\":255.0,\"std\":[0.25]}]");
    config_free(&c);
}

static void what_may_be_left_out(void **state)
{
    (void)state;
    struct config c;
    struct ftmrt_arg some[SETTINGS];
    memcpy(some, settings, sizeof some);
    some AT(labels) = (struct ftmrt_arg)NONE;
    some AT(weights) = (struct ftmrt_arg)NONE;
    assert_true(read_settings(&c, some));
    assert_string_equal(c.labels[1], "1");
    assert_null(c.weights);
    config_free(&c);
}

static void sizes_are_those_of_the_entries(void **state)
{
    (void)state;
    struct config c;
    const struct ftmrt_recipe recipe = {
        .name = "net", .base = "/data", .finetune = {FTMRT_CALL_finetune, settings}};
    assert_true(config_read(&c, &(struct ftmrt_program){.recipe = &recipe,
                                                        .entries = entries_of_two_sizes,
                                                        .entry_count = 3}));
    assert_true(config_two_sizes(&c));
    assert_int_equal(c.input_eval.height, 2);
    assert_int_equal(c.input_train.height, 4);
    assert_int_equal(c.input_train.width, 6);
    assert_int_equal(config_want(&c, &c.input_train, NULL).task.height, 4);
    config_free(&c);
}

static void other_programs_are_refused(void **state)
{
    (void)state;
    struct config c;
    const struct ftmrt_value two_inputs[] = {input, {.name = "side", .role = FTMRT_ROLE_INPUT}};
    struct ftmrt_entry two = entry;
    two.inputs = two_inputs;
    two.input_count = 2;
    const struct ftmrt_recipe recipe = {
        .name = "net", .base = "/data", .finetune = {FTMRT_CALL_finetune, settings}};
    assert_false(config_read(&c, &(struct ftmrt_program){.entries = &entry, .entry_count = 1}));
    assert_false(config_read(&c, &(struct ftmrt_program){.recipe = &recipe}));
    assert_false(config_read(
        &c, &(struct ftmrt_program){.recipe = &recipe, .entries = &two, .entry_count = 1}));
    assert_null(c.labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recipe_is_read),
        cmocka_unit_test(sizes_are_those_of_the_entries),
        cmocka_unit_test(what_may_be_left_out),
        cmocka_unit_test(other_programs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
