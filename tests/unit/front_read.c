/* link: ftm_bind ftm_lang ftm_weights ftm_graph ftm_base */
/* From text to network and recipe: published architectures, edits, freezing, overrides, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lang.h"
#include "layer.h"

#define MODELS "../models"

struct result {
    struct arena arena;
    struct diag diag;
    struct net *net;
    struct recipe *recipe;
    bool ok;
};

/* Reads a description given as text, importing from models/. */
static void read_text(struct result *r, const char *text, const char *const *defines)
{
    char path[] = "/tmp/front_read_XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        abort();
    fputs(text, f);
    fclose(f);
    memset(r, 0, sizeof *r);
    arena_init(&r->arena, "test");
    diag_init(&r->diag, &r->arena);
    struct lang_options options = {.path = path, .defines = defines, .models_dir = MODELS};
    r->ok = lang_read(&r->arena, &r->diag, &options, &r->net, &r->recipe);
    unlink(path);
}

static void read_ok(struct result *r, const char *text)
{
    read_text(r, text, NULL);
    if (!r->ok)
        diag_print(&r->diag, stderr);
    assert_true(r->ok);
}

static const struct layer *find(const struct result *r, const char *path)
{
    for (uint32_t i = 0; i < r->net->layers.len; i++)
        if (r->net->layers.at[i].path && !strcmp(r->net->layers.at[i].path, path))
            return &r->net->layers.at[i];
    return NULL;
}

static const struct layer *input(const struct result *r, const struct layer *l, uint32_t i)
{
    return &r->net->layers.at[l->inputs[i].i];
}

static int64_t parameters(const struct result *r)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < r->net->layers.len; i++) {
        const struct layer *l = &r->net->layers.at[i];
        for (uint32_t k = 0; k < l->param_count; k++)
            if (l->params[k].kind == LAYER_PARAMETER)
                n += shape_elements(&l->params[k].type.shape, 1);
    }
    return n;
}

static void expect_parameters(const char *file, const char *model, int64_t count)
{
    char text[512];
    struct result r;
    snprintf(text, sizeof text,
             "import \"%s\"\nfinetune t {\n  model = %s()\n  weights = random\n}\n", file, model);
    read_ok(&r, text);
    assert_int_equal(parameters(&r), count);
    arena_clear(&r.arena);
}

static void test_published_models(void **state)
{
    (void)state;
    expect_parameters("resnet.ftm", "resnet18", 11689512);
    expect_parameters("resnet.ftm", "resnet34", 21797672);
    expect_parameters("resnet.ftm", "resnet50", 25557032);
    expect_parameters("resnet.ftm", "resnet101", 44549160);
    expect_parameters("resnet.ftm", "resnet152", 60192808);
    expect_parameters("resnet.ftm", "resnext50_32x4d", 25028904);
    expect_parameters("resnet.ftm", "wide_resnet50_2", 68883240);
    expect_parameters("mobilenet.ftm", "mobilenet_v2", 3504872);
    expect_parameters("mobilenet_v3.ftm", "mobilenet_v3_large", 5483032);
    expect_parameters("mobilenet_v3.ftm", "mobilenet_v3_small", 2542856);
    expect_parameters("mobilenet_v3.ftm", "mobilenetv3_large_100", 5483032);
    expect_parameters("mobilenet_v3.ftm", "mobilenetv3_small_100", 2542856);
    expect_parameters("vgg.ftm", "vgg16", 138357544);
    expect_parameters("vgg.ftm", "vgg16_bn", 138365992);
    expect_parameters("lenet.ftm", "lenet5", 61706);
    expect_parameters("densenet.ftm", "densenet121", 7978856);
    expect_parameters("convnext.ftm", "convnext_tiny", 28589128);
    expect_parameters("regnet.ftm", "regnet_y_400mf", 4344144);
    expect_parameters("squeezenet.ftm", "squeezenet1_0", 1248424);
    expect_parameters("squeezenet.ftm", "squeezenet1_1", 1235496);
    expect_parameters("shufflenet.ftm", "shufflenet_v2_x0_5", 1366792);
    expect_parameters("shufflenet.ftm", "shufflenet_v2_x1_0", 2278604);
    expect_parameters("shufflenet.ftm", "shufflenet_v2_x1_5", 3503624);
    expect_parameters("shufflenet.ftm", "shufflenet_v2_x2_0", 7393996);
    expect_parameters("mnasnet.ftm", "mnasnet0_5", 2218512);
    expect_parameters("mnasnet.ftm", "mnasnet0_75", 3170208);
    expect_parameters("mnasnet.ftm", "mnasnet1_0", 4383312);
    expect_parameters("mnasnet.ftm", "mnasnet1_3", 6282256);
    expect_parameters("googlenet.ftm", "googlenet", 6624904);
    expect_parameters("efficientnet.ftm", "efficientnet_b0", 5288548);
    expect_parameters("efficientnet.ftm", "efficientnet_b1", 7794184);
    expect_parameters("efficientnet.ftm", "efficientnet_b2", 9109994);
    expect_parameters("efficientnet.ftm", "efficientnet_b3", 12233232);
    expect_parameters("efficientnet.ftm", "efficientnet_v2_s", 21458488);
    expect_parameters("efficientnet_lite0.ftm", "efficientnet_lite0", 4652008);
    expect_parameters("efficientnet_lite0.ftm", "efficientnet_lite1", 5416680);
    expect_parameters("efficientnet_lite0.ftm", "efficientnet_lite2", 6092072);
    expect_parameters("efficientnet_lite0.ftm", "efficientnet_lite3", 8197096);
    expect_parameters("efficientnet_lite0.ftm", "efficientnet_lite4", 13006568);
    expect_parameters("mobilenet_v4.ftm", "mobilenet_v4_conv_small", 3774024);
    expect_parameters("digits_cnn.ftm", "digits_cnn", 390410);
}

#define RESNET                                                                                     \
    "import \"resnet.ftm\"\nfinetune t {\n  model = resnet18()\n  weights = \"w.pth\"\n  classes " \
    "= 5\n"

static void test_edits_and_freezing(void **state)
{
    (void)state;
    struct result r;
    read_ok(&r, RESNET
            "  replace fc with linear(classes)\n"
            "  insert refine: conv2d(512, kernel = 3, padding = 1, init = identity) after layer4\n"
            "  insert early: conv2d(64, kernel = 1) before layer1\n"
            "  set conv1.stride = 1\n"
            "  freeze all\n  train layer4, refine, fc\n  freeze \"layer4.**.bias\"\n}\n");
    const struct layer *refine = find(&r, "refine"), *fc = find(&r, "fc"),
                       *early = find(&r, "early");
    assert_non_null(refine);
    assert_true(refine->added && fc->added && early->added);
    assert_int_equal(refine->params[0].init, FTMRT_INIT_IDENTITY);
    assert_int_equal(fc->params[0].type.shape.dim[0], 5);
    assert_string_equal(layer_kind(input(&r, refine, 0)), "relu");
    assert_string_equal(layer_kind(input(&r, early, 0)), "max_pool");
    /* Both readers inside layer1 got the new value: the first convolution and the addition. */
    assert_ptr_equal(input(&r, find(&r, "layer1.0.conv1"), 0), early);
    assert_int_equal(find(&r, "conv1")->type.shape.dim[2], 224);
    assert_true(find(&r, "layer1.0.conv1")->frozen && find(&r, "bn1")->stats_frozen &&
                early->frozen);
    const struct layer *bn = find(&r, "layer4.1.bn2");
    assert_true(bn->params[0].trainable && !bn->params[1].trainable && !bn->frozen &&
                !bn->stats_frozen);
    assert_int_equal(r.recipe->edits.len, 7);
    arena_clear(&r.arena);
}

static void test_remove(void **state)
{
    (void)state;
    struct result r;
    read_ok(&r, RESNET
            "  remove layer1\n  replace fc with linear(classes)\n  freeze statistics all\n}\n");
    assert_null(find(&r, "layer1.0.conv1"));
    assert_string_equal(layer_kind(input(&r, find(&r, "layer2.0.conv1"), 0)), "max_pool");
    assert_true(find(&r, "bn1")->stats_frozen && find(&r, "bn1")->params[0].trainable);
    arena_clear(&r.arena);
}

static void test_components_are_whole(void **state)
{
    (void)state;
    struct result r;
    read_ok(&r, "model m(image: f32[3, H, W]) {\n  x = image\n"
                "  for i in 1 ..< 12 {\n    x = layer{i}: conv2d(x, 4, kernel = 1)\n  }\n"
                "  output y = flatten(global_avg_pool(x))\n}\n"
                "finetune t {\n  model = m()\n  weights = random\n  transform eval = resize(4, "
                "4)\n  freeze layer1\n}\n");
    assert_true(find(&r, "layer1")->frozen);
    assert_false(find(&r, "layer10")->frozen);
    assert_int_equal(recipe_classes(r.recipe), 4);
    assert_string_equal(r.net->outputs.at[0].name, "y");
    arena_clear(&r.arena);
}

static void test_defines(void **state)
{
    (void)state;
    static const char *const defines[] = {"optimizer.lr=0.5",
                                          "optimizer.momentum=0.9",
                                          "epochs=3",
                                          "weights=a.pth",
                                          "data.validation=5%",
                                          "schedule=cosine",
                                          "schedule.warmup=2",
                                          "transform.train=resize(224, 224)",
                                          NULL};
    struct result r;
    read_text(&r,
              RESNET "  replace fc with linear(classes)\n  optimizer = sgd(0.1)\n"
                     "  data {\n    train = npy(images = \"x.npy\", labels = \"y.npy\")\n  }\n}\n",
              defines);
    if (!r.ok)
        diag_print(&r.diag, stderr);
    assert_true(r.ok);
    const struct ftmrt_call *sgd = recipe_call(r.recipe, FTMRT_PARAM_finetune_optimizer),
                            *cosine = recipe_call(r.recipe, FTMRT_PARAM_finetune_schedule),
                            *data = recipe_call(r.recipe, FTMRT_PARAM_finetune_data),
                            *transform = recipe_call(r.recipe, FTMRT_PARAM_finetune_transform);
    assert_true(ftmrt_call_number(sgd, FTMRT_PARAM_sgd_lr) == 0.5);
    assert_true(ftmrt_call_number(sgd, FTMRT_PARAM_sgd_momentum) == 0.9);
    assert_true(ftmrt_call_number(cosine, FTMRT_PARAM_cosine_warmup) == 2);
    assert_true(ftmrt_call_number(data, FTMRT_PARAM_data_validation) == 5);
    assert_int_equal(recipe_integer(r.recipe, FTMRT_PARAM_finetune_epochs), 3);
    assert_string_equal(recipe_text(r.recipe, FTMRT_PARAM_finetune_weights), "a.pth");
    assert_int_equal(ftmrt_call_arg(transform, FTMRT_PARAM_transform_train)->count, 1);
    arena_clear(&r.arena);
}

static void test_same_padding(void **state)
{
    (void)state;
    struct result r;
    read_ok(&r, "import \"efficientnet_lite0.ftm\"\nfinetune t {\n  model = "
                "efficientnet_lite0(bn_momentum = 0.1)\n"
                "  weights = random\n  transform eval = resize(65, 64), to_rgb()\n}\n");
    const struct layer *stem = find(&r, "_conv_stem");
    static const int64_t want[4] = {
        1, 0, 1, 1}; /* 65 rows: one on both sides; 64 columns: one on the right */
    struct graph *g =
        program_add_function(program_new(&r.arena, &r.diag, "t", 1), "t", FTMRT_ENTRY_PREDICT);
    const value_id x = graph_input(g, "x", input(&r, stem, 0)->type);
    const struct layer_site site = {
        .graph = g, .layer = stem, .inputs = &x, .first_state = NO_STATE};
    const struct attrs a = site_attrs(&site, OP_conv2d, &stem->params[0].type.shape.dim[2]);
    assert_memory_equal(a.padding, want, sizeof want);
    assert_int_equal(stem->type.shape.dim[2], 33);
    assert_int_equal(stem->type.shape.dim[3], 32);
    assert_true(find(&r, "_bn0")->args[ARG_batch_norm_momentum].real == 0.1);
    assert_true(find(&r, "_bn0")->args[ARG_batch_norm_eps].real == 1e-3);
    arena_clear(&r.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_models), cmocka_unit_test(test_edits_and_freezing),
        cmocka_unit_test(test_remove),           cmocka_unit_test(test_components_are_whole),
        cmocka_unit_test(test_defines),          cmocka_unit_test(test_same_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
