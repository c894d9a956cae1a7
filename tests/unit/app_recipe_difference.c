/* link: ftmrt_app */
/* In what two resolved recipes differ. */
#include "recipe_difference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const char recipe[] = "import \"a.ftm\"\n\n"
                             "finetune x {\n"
                             "    labels = [\"a, b\", \"c = (\"]\n"
                             "    freeze all\n"
                             "    data {\n"
                             "        train = folder(path = \"here\")\n"
                             "    }\n"
                             "    transform train = resize(4, 4), to_rgb()\n"
                             "    optimizer = sgd(lr = 0.1, momentum = 0.9)\n"
                             "    epochs = 5\n"
                             "}\n";

static void differs(const char *other, int most, const char *line)
{
    char *found = recipe_difference_line(recipe, other, most);
    assert_string_equal(found, line);
    free(found);
}

static void equal_recipes_do_not_differ(void **state)
{
    (void)state;
    differs(recipe, 4, "");
}

static void calls_differ_in_their_arguments(void **state)
{
    (void)state;
    differs("# comment\n"
            "finetune another_name {\n"
            "    labels = [\"a, b\", \"c = (\"]\n"
            "    data {\n"
            "        train = folder(path = \"there, = ()\")\n"
            "        validation = 10%\n"
            "    }\n"
            "    transform train = resize(4, 4), to_rgb()\n"
            "    optimizer = sgd(lr = 0.2, momentum = 0.9)\n"
            "    epochs = 5\n"
            "    train fc\n"
            "}\n",
            9,
            "no freeze all, data.train.path \"there, = ()\", optimizer.lr 0.2, data.validation "
            "10%, train fc");
}

static void another_call_and_too_many(void **state)
{
    (void)state;
    differs("finetune x {\n"
            "    labels = [\"c = (\", \"a, b\"]\n"
            "    freeze all\n"
            "    data {\n"
            "        train = folder(path = \"here\")\n"
            "    }\n"
            "    transform train = resize(8, 8), to_rgb()\n"
            "    optimizer = adam(lr = 0.1)\n"
            "    epochs = 5\n"
            "}",
            2, "labels [\"c = (\", \"a, b\"], transform train resize(8, 8), to_rgb() and 2 more");
}

/* Of a pipeline what is other, and of a long value its beginning. */
static void long_values_are_cut(void **state)
{
    (void)state;
    static const char steps[] =
        "    transform eval = resize(4, 4), to_grey(), normalize(mean = 1)\n",
                      other[] =
                          "    transform eval = resize(4, 4), to_grey(), normalize(mean = 2)\n",
                      shorter[] = "    transform eval = resize(4, 4), to_rgb()\n";
    char *line = recipe_difference_line(steps, other, 4);
    assert_string_equal(line, "transform eval ..., normalize(mean = 2)");
    free(line);
    line = recipe_difference_line(steps, shorter, 4);
    assert_string_equal(line, "transform eval ..., to_rgb()");
    free(line);
    line = recipe_difference_line("",
                                  "    weights = \"/a/long/long/long/long/long/long/long/long/long/"
                                  "long/long/long/long/long/way/to/some.pth\"\n",
                                  4);
    assert_string_equal(
        line,
        "weights "
        "\"/a/long/long/long/long/long/long/long/long/long/long/long/long/long/long/way/to...");
    free(line);
}

static void settings_of_a_block(void **state)
{
    (void)state;
    char *line = recipe_difference_within(recipe,
                                          "finetune y {\n    data {\n        train = "
                                          "folder(path = \"there\")\n    }\n}\n",
                                          "data.train", 4);
    assert_string_equal(line, "data.train.path \"there\"");
    free(line);
    static const char
        same[] = "# of another rate\nfinetune z {\n    data {\n        train = folder(path = "
                 "\"here\")\n        test = folder(path = \"x\")\n    }\n    epochs = 9\n}\n",
        other[] = "finetune x {\n    data {\n        train = folder(path = \"here \")\n    }\n}\n";
    assert_true(recipe_hash_within(recipe, "data.train") == recipe_hash_within(same, "data.train"));
    assert_true(recipe_hash_within(recipe, "data.train") !=
                recipe_hash_within(other, "data.train"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_recipes_do_not_differ),
        cmocka_unit_test(calls_differ_in_their_arguments),
        cmocka_unit_test(another_call_and_too_many),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(settings_of_a_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
