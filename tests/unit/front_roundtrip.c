/* link: ftm_codegen ftmrt_files ftm_bind ftm_lang ftm_weights ftm_graph ftm_ops ftm_base */
/* The resolved recipe is a fixed point: read again, it gives the same text and the same values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bind.h"
#include "lang.h"
#include "replace.h"
#include "tables_words.h"

static const char model[] =
    "model tiny(image: f32[3, 8, 8], classes = 4) {\n"
    "    x = relu(bn1: batch_norm(conv1: conv2d(image, 4, kernel = 3, bias = false)))\n"
    "    x = relu(conv2: conv2d(x, 8, kernel = 3, stride = 2, padding = same))\n"
    "    output logits = fc: linear(flatten(global_avg_pool(x)), classes)\n"
    "}\n";

static const char full[] =
    "import \"tiny.ftm\"\n"
    "finetune photos {\n"
    "    model = tiny()\n"
    "    weights = \"a \\\"b\\\".pth\" {\n"
    "        strip \"module.\"\n"
    "        rename \"layer{i}.c\" to \"conv{i}\"   # a comment\n"
    "        skip \"fc.*\"\n"
    "    }\n"
    "    replace fc with linear(classes,\n"
    "                           init = normal(0.01))\n"
    "    insert mid: conv2d(4, kernel = 1, init = identity) after bn1\n"
    "    labels = [\"cat\", \"dog\", \"\\\"x\\\"\"]\n"
    "    freeze all\n"
    "    train conv2, \"**.bias\", fc\n"
    "    freeze statistics bn1\n"
    "    data {\n"
    "        train = npy(images = \"c.npy\", labels = \"d.npy\", kind = vector)\n"
    "        test = npy(images = \"a.npy\", labels = \"b.npy\", kind = vector)\n"
    "        validation = 12.5%\n"
    "    }\n"
    "    transform train = resize(12), center_crop(8), to_rgb(), normalize(imagenet)\n"
    "    transform eval = resize(8, 8), to_rgb(), normalize(mean = 127, std = 128, scale = 1)\n"
    "    mix = mixup(alpha = 0.25)\n"
    "    loss = cross_entropy(label_smoothing = 0.1)\n"
    "    optimizer = sgd(lr = 0.03, momentum = 0.9, weight_decay = 1e-4, nesterov = true)\n"
    "    schedule = cosine(warmup = 0.5 epochs)\n"
    "    epochs = 3\n"
    "    batch = 16\n"
    "    seed = 7\n"
    "    shuffle = false\n"
    "}\n";

static const char minimal[] = "import \"tiny.ftm\"\n"
                              "finetune minimal {\n"
                              "    model = tiny(classes = classes)\n"
                              "    classes = 10\n"
                              "    weights = random\n"
                              "    data {\n"
                              "        train = idx(images = \"a\", labels = \"b\")\n"
                              "    }\n"
                              "    transform train = resize(8, 8), to_rgb(), normalize(imagenet)\n"
                              "    transform eval = resize(8, 8), to_rgb(), normalize(imagenet)\n"
                              "}\n";

struct fixture {
    struct arena arena;
    struct diag diag;
    char dir[64];
    char *resolved, *values;
};

static char *path_of(struct fixture *f, const char *name)
{
    return arena_printf(&f->arena, "%s/%s", f->dir, name);
}

static void write_text(struct fixture *f, const char *name, const char *text)
{
    assert_int_equal(replace_whole(path_of(f, name), text, strlen(text), NULL, 0), FTMRT_OK);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena, "test");
    diag_init(&f->diag, &f->arena);
    strcpy(f->dir, "/tmp/ftm-roundtrip-XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    write_text(f, "tiny.ftm", model);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unlink(path_of(f, "tiny.ftm"));
    unlink(path_of(f, "recipe.ftm"));
    rmdir(f->dir);
    arena_clear(&f->arena);
    free(f);
    return 0;
}

static void read_recipe(struct fixture *f, const char *text)
{
    static const char *const nothing[] = {NULL};
    struct net *net = NULL;
    struct recipe *recipe = NULL;
    write_text(f, "recipe.ftm", text);
    const struct lang_options o = {
        .path = path_of(f, "recipe.ftm"), .include_dirs = nothing, .defines = nothing};
    const bool ok = lang_read(&f->arena, &f->diag, &o, &net, &recipe);
    if (!ok)
        diag_print(&f->diag, stderr);
    assert_true(ok);
    recipe->bound.base = "/";
    f->resolved = lang_resolved(&f->arena, recipe);
    struct strbuf values;
    strbuf_init(&values, &f->arena);
    tables_print_recipe(&values, &recipe->bound, TABLES_LINK_ALL);
    f->values = values.text;
}

static void assert_fixed_point(struct fixture *f, const char *text)
{
    read_recipe(f, text);
    const char *resolved = f->resolved, *values = f->values;
    read_recipe(f, resolved);
    assert_string_equal(resolved, f->resolved);
    assert_string_equal(values, f->values);
}

static void expect_full_recipe_again(void **state) { assert_fixed_point(*state, full); }

static void expect_minimal_recipe_again(void **state) { assert_fixed_point(*state, minimal); }

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expect_full_recipe_again, setup, teardown),
        cmocka_unit_test_setup_teardown(expect_minimal_recipe_again, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
