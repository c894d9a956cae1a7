/* link: ftmrt_app */
/* The recipe of a program: complete, or refused with the name of what is missing. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The recipe, cut into its parts: leaving one out is the test. */
static const char *const parts[] = {
    "\"name\":\"net\"",
    "\"model\":\"net\"",
    "\"weights\":null",
    "\"classes\":2,\"labels\":[\"a\",\"b\"]",
    "\"input\":{\"name\":\"image\",\"channels\":1,\"height\":2,\"width\":3}",
    "\"data\":{\"train\":{\"kind\":\"npy\",\"images\":\"x\",\"labels\":\"y\"},\"test\":null,"
    "\"validation\":null,\"validation_percent\":10.0,\"base\":\"/data\"}",
    "\"optimizer\":{\"kind\":\"sgd\",\"lr\":0.5,\"momentum\":0.25,\"weight_decay\":0.0,"
    "\"nesterov\":false}",
    "\"schedule\":{\"kind\":\"cosine\",\"warmup\":1.0}",
    "\"epochs\":3",
    "\"batch\":4",
    "\"seed\":5",
    "\"shuffle\":true",
    "\"transform_train\":[{\"op\":\"resize\",\"height\":2}]",
    "\"transform_eval\":[{\"op\":\"normalize\",\"scale\":255.0,\"mean\":[0.5],\"std\":[0.25]}]",
};
enum { PARTS = sizeof parts / sizeof parts[0] };

/* Reads the recipe without one part (PARTS: with all), or with `instead` in its place. */
static bool read_without(struct config *c, int part, const char *instead)
{
    char text[2048] = "{";
    for (int i = 0; i < PARTS; i++) {
        const char *piece = i == part ? instead : parts[i];
        if (piece && text[1])
            strcat(text, ",");
        if (piece)
            strcat(text, piece);
    }
    strcat(text, "}");
    const struct ftmrt_program p = {.recipe = text};
    return config_read(c, &p);
}

static void a_whole_recipe_is_read(void **state)
{
    (void)state;
    struct config c;
    assert_true(read_without(&c, PARTS, NULL));
    assert_int_equal(c.width, 3);
    double lr = 0, other = 0;
    assert_true(config_scalar(&c, "lr", &lr));
    assert_float_equal(lr, 0.5, 0);
    assert_false(config_scalar(&c, "nesterov", &other)); /* a switch, not a number */
    assert_false(config_scalar(&c, "beta", &other));
    assert_int_equal(c.schedule->id, FTMRT_CALL_cosine);
    const struct ftmrt_call *resize = &c.transform_train.steps[0];
    assert_int_equal(ftmrt_call_integer(resize, FTMRT_PARAM_resize_height), 2);
    assert_int_equal(ftmrt_call_arg(resize, FTMRT_PARAM_resize_width)->kind, FTMRT_ARG_NONE);
    assert_string_equal(ftmrt_call_text(c.train, FTMRT_PARAM_npy_images), "x");
    assert_null(c.test);
    assert_null(c.weights);
    assert_string_equal(c.labels[1], "b");
    config_free(&c);
}

static void nothing_has_a_default(void **state)
{
    (void)state;
    for (int i = 0; i < PARTS; i++) {
        struct config c;
        assert_false(read_without(&c, i, NULL));
        assert_null(c.labels);
    }
}

static void parts_of_another_kind_are_refused(void **state)
{
    (void)state;
    static const struct {
        int part;
        const char *instead;
    } cases[] = {
        {1, "\"model\":7"},
        {3, "\"classes\":3,\"labels\":[\"a\",\"b\"]"},
        {3, "\"classes\":2,\"labels\":[\"a\",7]"},
        {4, "\"input\":{\"name\":\"image\",\"channels\":0,\"height\":2,\"width\":3}"},
        {5, "\"data\":{\"train\":{\"kind\":\"npy\"},\"test\":null,\"validation\":null,"
            "\"validation_percent\":10.0,\"base\":\"/data\"}"},
        {6, "\"optimizer\":{\"kind\":\"sgd\",\"momentum\":0.25,\"weight_decay\":0.0,\"nesterov\":"
            "true}"},
        {6, "\"optimizer\":{\"kind\":\"resize\",\"height\":2}"},
        {7, "\"schedule\":{\"kind\":\"cosine\",\"warmup\":true}"},
        {11, "\"shuffle\":1"},
        {12, "\"transform_train\":[{\"op\":\"dance\"}]"},
        {13, "\"transform_eval\":[{\"op\":\"normalize\",\"scale\":255.0,\"mean\":[],\"std\":"
             "[1]}]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config c;
        assert_false(read_without(&c, cases[i].part, cases[i].instead));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_recipe_is_read),
        cmocka_unit_test(nothing_has_a_default),
        cmocka_unit_test(parts_of_another_kind_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
