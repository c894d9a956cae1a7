/* link: ftm_reports ftm_bind ftm_lang ftm_weights ftm_graph ftm_ops ftm_base */
/* Texts of the front: resolved recipe, JSON for the application, explain, map, inspect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "front_fixture.h"
#include "reports.h"

static const char settings[] =
    "finetune test {\n"
    "    model = tiny(classes = 3)\n"
    "    weights = \"tiny.pth\" {\n"
    "        strip \"module.\"\n"
    "        rename \"a.{i}\" to \"b.{i}\"\n"
    "        skip \"fc.*\"\n"
    "    }\n"
    "    replace fc with linear(classes)\n"
    "    freeze conv, bn\n"
    "    data {\n"
    "        train = idx(\"x \\\"1\\\".gz\", labels = \"y.gz\")\n"
    "        validation = 10%\n"
    "    }\n"
    "    transform train = resize(7, 5), normalize(mean = [1, 2], std = 3)\n"
    "    transform eval = resize(7), center_crop(7, 5), normalize(mean = 127, std = 128, scale = "
    "1)\n"
    "    labels = [\"cat\", \"dog\", \"cow\"]\n"
    "    optimizer = sgd(lr = 0.1, momentum = 0.9, weight_decay = 1e-4)\n"
    "    schedule = cosine(warmup = 0.5)\n"
    "    seed = 9223372036854775807\n"
    "    epochs = 1\n"
    "    batch = 8\n"
    "}\n";

static void expect_resolved(void **state)
{
    struct fixture *f = *state;
    assert_true(read_recipe(f, settings));
    assert_string_equal(
        lang_resolved(&f->arena, &f->recipe),
        "import \"tiny.ftm\"\n"
        "\n"
        "finetune test {\n"
        "    model = tiny(classes = 3)\n"
        "    classes = 3\n"
        "    labels = [\"cat\", \"dog\", \"cow\"]\n"
        "    weights = \"tiny.pth\" {\n"
        "        strip \"module.\"\n"
        "        rename \"a.{i}\" to \"b.{i}\"\n"
        "        skip \"fc.*\"\n"
        "    }\n"
        "    replace fc with linear(classes)\n"
        "    freeze conv, bn\n"
        "    data {\n"
        "        train = idx(images = \"x \\\"1\\\".gz\", labels = \"y.gz\")\n"
        "        validation = 10%\n"
        "        split = \"content\"\n"
        "        on_error = \"stop\"\n"
        "        sampling = \"natural\"\n"
        "        targets = \"auto\"\n"
        "        alpha = \"drop\"\n"
        "        exif = \"apply\"\n"
        "        jpeg = \"exact\"\n"
        "        cache = auto()\n"
        "        cache_budget = 256000000\n"
        "    }\n"
        "    transform train = resize(height = 7, width = 5, interpolation = \"bilinear\"), "
        "normalize(mean = [1, 2], std = [3], scale = 255)\n"
        "    transform eval = resize(height = 7, interpolation = \"bilinear\"), center_crop(height "
        "= 7, width = 5), "
        "normalize(mean = [127], std = [128], scale = 1)\n"
        "    loss = cross_entropy(label_smoothing = 0)\n"
        "    optimizer = sgd(lr = 0.1, momentum = 0.9, weight_decay = 0.0001, nesterov = false, "
        "dampening = 0)\n"
        "    schedule = cosine(warmup = 0.5 epochs)\n"
        "    epochs = 1\n"
        "    batch = 8\n"
        "    best = \"auto\"\n"
        "    thresholds = \"half\"\n"
        "    shards = 4\n"
        "    seed = 9223372036854775807\n"
        "    shuffle = true\n"
        "    save = \"whole\"\n"
        "}\n");
}

static FILE *temporary(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    return file;
}

/* Whether what was written to a file holds every one of the texts, in order; closes it. */
static void assert_holds(struct fixture *f, FILE *file, const char *const *texts, size_t count)
{
    const long size = ftell(file);
    assert_true(size > 0);
    char *text = arena_alloc(&f->arena, (size_t)size + 1);
    assert_int_equal(fseek(file, 0, SEEK_SET), 0);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    const char *at = text;
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(at, texts[i]);
        if (!found) {
            fail_msg("'%s' is missing in\n%s", texts[i], text);
            return;
        }
        at = found + strlen(texts[i]);
    }
}

#define ASSERT_HOLDS(f, file, ...)                                                                 \
    assert_holds((f), (file), (const char *const[]){__VA_ARGS__},                                  \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void expect_explain(void **state)
{
    struct fixture *f = *state;
    f->net.layers.at[CONV].params[0].trainable = false;
    f->net.layers.at[CONV].frozen = true;
    add_all_tensors(f);
    assert_true(bind_weights(&f->arena, &f->diag, &f->net, &f->recipe, &f->weights, &f->binding));
    FILE *out = temporary();
    const struct explain_plan plan = {.workspace_bytes = 3000000, .kernels = 7, .calls_predict = 5};
    report_explain(&f->net, &f->recipe, &plan, out);
    ASSERT_HOLDS(f, out, "image", "conv", "conv2d", "[N, 4, 4, 3]", "72", "864", "192",
                 "frozen prefix", "bn", "trained", "parameters   95, 23 of them trained",
                 "98.6 % of the forward", "3.000 MB", "7 kernels; predict calls 5", "96.0 %  conv");
}

static void expect_map(void **state)
{
    struct fixture *f = *state;
    add_all_tensors(f);
    f->net.layers.at[FC].added = true;
    add_tensor(f, "old.weight", FTMRT_F32, shape_1d(4));
    assert_true(bind_weights(&f->arena, &f->diag, &f->net, &f->recipe, &f->weights, &f->binding));
    FILE *out = temporary();
    report_map(&f->net, &f->recipe, f->binding, out);
    ASSERT_HOLDS(f, out, "conv.weight", "[4, 2, 3, 3]", "<- conv.weight  F32 [4, 2, 3, 3]",
                 "<- bn.bias  F16 [4]", "init = zeros (a counter",
                 "init = default (new layer; the file's", "tensors that are not used", "fc.weight",
                 "its layer is new", "old.weight", "no such layer",
                 "total: 5 of 8 parameters and buffers come from the file, 3 of its 8");
}

static void expect_inspect(void **state)
{
    struct fixture *f = *state;
    add_all_tensors(f);
    vec_push(&f->arena, &f->weights.metadata, (struct map_entry_text){"format", "pt"});
    vec_push(&f->arena, &f->weights.skipped, "epoch: not a tensor");
    FILE *out = temporary();
    report_inspect(&f->weights, out);
    ASSERT_HOLDS(f, out, "tiny.pth: test", "bn.weight", "F32", "[4]", "16", "0", "3", "1.5",
                 "total: 7 tensors, 103 values", "format = pt", "epoch: not a tensor");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(expect_resolved),
        TEST(expect_explain),
        TEST(expect_map),
        TEST(expect_inspect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
