/* link: ftmrt_app */
/* Transforms against Pillow (references of tests/tools/make_resize_reference.py). */
#include "array.h"
#include "image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct array load(const char *name)
{
    char path[128];
    struct array a;
    snprintf(path, sizeof(path), "unit/data/%s.npy", name);
    assert_true(array_read_npy(&a, path));
    return a;
}

static struct image as_image(const struct array *a)
{
    return (struct image){a->dim[1], a->dim[0], a->rank == 3 ? (int)a->dim[2] : 1, a->data};
}

/* Largest difference between two pictures of one size. */
static int difference(const struct image *a, const struct image *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->channels, b->channels);
    int most = 0;
    for (int64_t i = 0; i < a->width * a->height * a->channels; i++) {
        int d = abs(a->pixels[i] - b->pixels[i]);
        most = d > most ? d : most;
    }
    return most;
}

static void resize_equals_pillow(void **state)
{
    (void)state;
    static const int sizes[][2] = {{64, 64}, {16, 20}, {37, 11}, {5, 29}, {1, 1}};
    struct array in = load("resize_in");
    struct image source = as_image(&in);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        char name[32];
        struct image out;
        snprintf(name, sizeof(name), "resize_%dx%d", sizes[i][0], sizes[i][1]);
        struct array want = load(name);
        struct image reference = as_image(&want);
        image_resize(&source, sizes[i][1], sizes[i][0], &out);
        assert_in_range(difference(&out, &reference), 0, 1);
        image_free(&out);
        array_free(&want);
    }
    array_free(&in);
}

/* Runs one pipeline on the stored picture. */
static bool run(const struct transform_pipeline *t, const struct config *c, float *out)
{
    struct array in = load("resize_in");
    struct image source = as_image(&in);
    bool ok = transform_run(t, c, &source, out, "test");
    array_free(&in);
    return ok;
}

static void grey_equals_pillow(void **state)
{
    (void)state;
    struct config c = {.channels = 1, .height = 37, .width = 29};
    struct transform_pipeline t = {.count = 1, .steps = {{.kind = STEP_TO_GREY}}};
    float out[37 * 29];
    struct array want = load("grey");
    assert_true(run(&t, &c, out));
    for (int i = 0; i < 37 * 29; i++)
        assert_int_equal((int)out[i], ((unsigned char *)want.data)[i]);
    array_free(&want);
}

static void normalize_is_per_channel_and_planar(void **state)
{
    (void)state;
    struct config c = {.channels = 3, .height = 37, .width = 29};
    struct transform_pipeline t = {.count = 1,
                                   .steps = {{.kind = STEP_NORMALIZE,
                                              .channels = 3,
                                              .scale = 255,
                                              .mean = {0.5, 0.25, 0},
                                              .std = {0.5, 1, 2}}}};
    static float out[3 * 37 * 29];
    struct array in = load("resize_in");
    assert_true(run(&t, &c, out));
    const unsigned char *p = in.data;
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 37 * 29; i++) {
            double want =
                (p[3 * (size_t)i + (size_t)k] / 255.0 - t.steps[0].mean[k]) / t.steps[0].std[k];
            assert_float_equal(out[(size_t)k * 37 * 29 + (size_t)i], want, 1e-6);
        }
    array_free(&in);
}

static void crop_is_centred_and_pads_with_black(void **state)
{
    (void)state;
    struct config c = {.channels = 3, .height = 41, .width = 9};
    struct transform_pipeline t = {.count = 1,
                                   .steps = {{.kind = STEP_CENTER_CROP, .height = 41, .width = 9}}};
    static float out[3 * 41 * 9];
    struct array in = load("resize_in");
    assert_true(run(&t, &c, out));
    assert_float_equal(out[0], 0, 0); /* 2 rows of border above 37 */
    assert_float_equal(out[18], ((unsigned char *)in.data)[30], 0);
    array_free(&in);
}

static void a_wrong_final_size_is_an_error(void **state)
{
    (void)state;
    struct config c = {.channels = 3, .height = 64, .width = 64};
    struct transform_pipeline t = {
        .count = 1, .steps = {{.kind = STEP_RESIZE, .height = 64}}}; /* shorter side */
    static float out[3 * 64 * 64];
    assert_false(run(&t, &c, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resize_equals_pillow),
        cmocka_unit_test(grey_equals_pillow),
        cmocka_unit_test(normalize_is_per_channel_and_planar),
        cmocka_unit_test(crop_is_centred_and_pads_with_black),
        cmocka_unit_test(a_wrong_final_size_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
