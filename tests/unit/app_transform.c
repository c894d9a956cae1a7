/* link: ftmrt_app */
/* Transforms against Pillow (references of tests/tools/make_resize_reference.py). */
#include "array.h"
#include "transform.h"

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

static struct ftmrt_picture as_picture(const struct array *a)
{
    return (struct ftmrt_picture){a->dim[0], a->dim[1], a->rank == 3 ? (int)a->dim[2] : 1, false,
                                  a->data};
}

/* A step with arguments that are integers, 0: left out, and a filter. */
static struct ftmrt_call sized(enum ftmrt_call_id id, struct ftmrt_arg args[3], int64_t height,
                               int64_t width)
{
    args[0] = (struct ftmrt_arg){.kind = FTMRT_ARG_INTEGER, .integer = height};
    args[1] =
        (struct ftmrt_arg){.kind = width ? FTMRT_ARG_INTEGER : FTMRT_ARG_NONE, .integer = width};
    args[2] = (struct ftmrt_arg){.kind = FTMRT_ARG_TEXT, .text = "bilinear"};
    return (struct ftmrt_call){id, args};
}

static struct ftmrt_transform_task task_of(const struct ftmrt_call *step, int channels,
                                           int64_t height, int64_t width)
{
    return (struct ftmrt_transform_task){
        .pipeline = {step, step ? 1 : 0}, .channels = channels, .height = height, .width = width};
}

static void read_row(const void *from, int64_t y, unsigned char *row)
{
    const struct ftmrt_picture *p = from;
    memcpy(row, p->pixels + y * p->width * p->channels, (size_t)(p->width * p->channels));
}

/* Runs a task on the rows of a picture, in memory of exactly its size: the same comes of it. */
static void run_rows(const struct ftmrt_transform_task *t, const struct ftmrt_picture *in,
                     enum ftmrt_status expected, const float *want)
{
    const struct ftmrt_row_source rows = {in->height, in->width, in->channels, read_row, in};
    const uint64_t bytes = ftmrt_transform_rows_space(t, &rows);
    const size_t count = (size_t)(t->channels * t->height * t->width);
    struct ftmrt_picture found;
    unsigned char *space = malloc(bytes + 16);
    float *out = malloc(count * sizeof *out);
    memset(space + bytes, 0x5a, 16);
    assert_int_equal(ftmrt_transform_rows(t, &rows, space, &found, out), expected);
    if (expected == FTMRT_OK)
        assert_memory_equal(out, want, count * sizeof *out);
    for (int i = 0; i < 16; i++)
        assert_int_equal(space[bytes + (size_t)i], 0x5a);
    free(out);
    free(space);
}

/* Runs a task in memory of exactly its size. */
static enum ftmrt_status run(const struct ftmrt_transform_task *t, const struct ftmrt_picture *in,
                             float *out)
{
    struct ftmrt_picture found;
    const uint64_t bytes = ftmrt_transform_space(t, in);
    unsigned char *space = malloc(bytes + 16);
    memset(space + bytes, 0x5a, 16);
    const enum ftmrt_status status = ftmrt_transform_input(t, in, space, &found, out);
    for (int i = 0; i < 16; i++)
        assert_int_equal(space[bytes + (size_t)i], 0x5a);
    free(space);
    run_rows(t, in, status, out);
    return status;
}

static void resize_equals_pillow(void **state)
{
    (void)state;
    static const int sizes[][2] = {{64, 64}, {16, 20}, {37, 11}, {5, 29}, {1, 1}};
    static float out[3 * 64 * 64];
    struct array in = load("resize_in");
    const struct ftmrt_picture source = as_picture(&in);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        char name[32];
        struct ftmrt_arg args[3];
        const int64_t h = sizes[i][0], w = sizes[i][1];
        const struct ftmrt_call step = sized(FTMRT_CALL_resize, args, h, w);
        const struct ftmrt_transform_task t = task_of(&step, 3, h, w);
        snprintf(name, sizeof(name), "resize_%dx%d", (int)h, (int)w);
        struct array want = load(name);
        assert_int_equal(run(&t, &source, out), FTMRT_OK);
        for (int64_t p = 0; p < h * w; p++)
            for (int64_t c = 0; c < 3; c++)
                assert_in_range(
                    abs((int)out[c * h * w + p] - ((unsigned char *)want.data)[3 * p + c]), 0, 1);
        array_free(&want);
    }
    array_free(&in);
}

static void grey_equals_pillow(void **state)
{
    (void)state;
    const struct ftmrt_call step = {FTMRT_CALL_to_grey, NULL};
    const struct ftmrt_transform_task t = task_of(&step, 1, 37, 29);
    static float out[37 * 29];
    struct array in = load("resize_in"), want = load("grey");
    const struct ftmrt_picture source = as_picture(&in);
    assert_int_equal(run(&t, &source, out), FTMRT_OK);
    for (int i = 0; i < 37 * 29; i++)
        assert_int_equal((int)out[i], ((unsigned char *)want.data)[i]);
    array_free(&want);
    array_free(&in);
}

static void normalize_is_per_channel_and_planar(void **state)
{
    (void)state;
    static const double mean[] = {0.5, 0.25, 0}, std[] = {0.5, 1, 2};
    const struct ftmrt_arg args[] = {
        {.kind = FTMRT_ARG_NUMBERS, .count = 3, .numbers = mean},
        {.kind = FTMRT_ARG_NUMBERS, .count = 3, .numbers = std},
        {.kind = FTMRT_ARG_NUMBER, .number = 255},
    };
    const struct ftmrt_call step = {FTMRT_CALL_normalize, args};
    const struct ftmrt_transform_task t = task_of(&step, 3, 37, 29);
    static float out[3 * 37 * 29];
    struct array in = load("resize_in");
    const struct ftmrt_picture source = as_picture(&in);
    assert_int_equal(run(&t, &source, out), FTMRT_OK);
    const unsigned char *p = in.data;
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 37 * 29; i++) {
            double want = (p[3 * (size_t)i + (size_t)k] / 255.0 - mean[k]) / std[k];
            assert_float_equal(out[(size_t)k * 37 * 29 + (size_t)i], want, 1e-6);
        }
    array_free(&in);
}

static void crop_is_centred_and_pads_with_black(void **state)
{
    (void)state;
    struct ftmrt_arg args[3];
    const struct ftmrt_call step = sized(FTMRT_CALL_center_crop, args, 41, 9);
    const struct ftmrt_transform_task t = task_of(&step, 3, 41, 9);
    static float out[3 * 41 * 9];
    struct array in = load("resize_in");
    const struct ftmrt_picture source = as_picture(&in);
    assert_int_equal(run(&t, &source, out), FTMRT_OK);
    assert_float_equal(out[0], 0, 0); /* 2 rows of border above 37 */
    assert_float_equal(out[18], ((unsigned char *)in.data)[30], 0);
    array_free(&in);
}

static void grey_pictures_become_rgb_without_a_step(void **state)
{
    (void)state;
    unsigned char pixels[6] = {0, 50, 100, 150, 200, 250};
    const struct ftmrt_picture grey = {2, 3, 1, false, pixels};
    const struct ftmrt_transform_task t = task_of(NULL, 3, 2, 3);
    float out[18];
    assert_int_equal(run(&t, &grey, out), FTMRT_OK);
    for (int i = 0; i < 18; i++)
        assert_float_equal(out[i], pixels[i % 6], 0);
}

static void a_wrong_final_size_is_an_error(void **state)
{
    (void)state;
    struct ftmrt_arg args[3];
    const struct ftmrt_call step = sized(FTMRT_CALL_resize, args, 64, 0); /* shorter side */
    const struct ftmrt_transform_task t = task_of(&step, 3, 64, 64);
    static float out[3 * 64 * 64];
    struct array in = load("resize_in");
    const struct ftmrt_picture source = as_picture(&in);
    assert_int_equal(run(&t, &source, out), FTMRT_ERROR_MISMATCH);
    array_free(&in);
}

/* Class numbers are never mixed: every pixel of the result is that under the output pixel's centre. */
static void masks_take_the_nearest_pixel(void **state)
{
    (void)state;
    unsigned char pixels[7 * 5];
    struct ftmrt_arg args[3];
    const struct ftmrt_call step = sized(FTMRT_CALL_resize, args, 3, 10);
    const struct ftmrt_transform_task t = task_of(&step, 3, 3, 10);
    const struct ftmrt_picture mask = {7, 5, 1, true, pixels};
    struct ftmrt_picture found;
    int32_t out[30];
    for (int i = 0; i < 35; i++)
        pixels[i] = (unsigned char)(7 * i);
    void *space = malloc(ftmrt_transform_space(&t, &mask));
    assert_int_equal(ftmrt_transform_mask(&t, &mask, space, &found, out), FTMRT_OK);
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 10; x++) {
            const int from_y = (int)((y + 0.5) * 7 / 3), from_x = (int)((x + 0.5) * 5 / 10);
            assert_int_equal(out[10 * y + x], pixels[5 * from_y + from_x]);
        }
    free(space);
}

/* What the compiler knows of sizes before there is a picture. */
static void forms_follow_what_is_known(void **state)
{
    (void)state;
    struct ftmrt_arg a[3], b[3];
    const struct ftmrt_call shorter = sized(FTMRT_CALL_resize, a, 64, 0),
                            crop = sized(FTMRT_CALL_center_crop, b, 65, 0);
    struct ftmrt_form f = {.height = 0};
    ftmrt_form_step(&shorter, &f);
    assert_int_equal(f.shorter, 64);
    assert_int_equal(f.height, 0);
    ftmrt_form_step(&crop, &f);
    assert_int_equal(f.problem, FTMRT_FORM_CROP_LARGER);
    assert_int_equal(f.want, 65);
    assert_int_equal(f.have, 64);
    assert_int_equal(f.height, 65);
    assert_int_equal(f.width, 65);
    struct ftmrt_form known = {.height = 100, .width = 200, .channels = 3};
    ftmrt_form_step(&shorter, &known);
    assert_int_equal(known.problem, FTMRT_FORM_FINE);
    assert_int_equal(known.width, 128);
}

/* What may be decoded at a reduced scale: what is brought to a size whatever its own is, before anything looks at sizes. */
static void pipelines_say_what_they_need(void **state)
{
    (void)state;
    struct ftmrt_arg a[3], b[3], c[3];
    const struct ftmrt_arg half[] = {{.kind = FTMRT_ARG_NUMBER, .number = 0.5}};
    const struct ftmrt_call flip = {FTMRT_CALL_random_horizontal_flip, half},
                            shorter = sized(FTMRT_CALL_resize, a, 64, 0),
                            crop = sized(FTMRT_CALL_center_crop, b, 60, 60),
                            exact = sized(FTMRT_CALL_resize, c, 10, 20);
    const struct ftmrt_call first[] = {flip, shorter, crop}, second[] = {exact, crop},
                            third[] = {crop, exact};
    int64_t height, width, least;
    assert_true(ftmrt_pipeline_least(&(struct ftmrt_pipeline){first, 3}, &height, &width, &least));
    assert_int_equal(height, 0);
    assert_int_equal(least, 64);
    assert_true(ftmrt_pipeline_least(&(struct ftmrt_pipeline){second, 2}, &height, &width, &least));
    assert_int_equal(height, 10);
    assert_int_equal(width, 20);
    assert_int_equal(least, 0);
    assert_false(ftmrt_pipeline_least(&(struct ftmrt_pipeline){third, 2}, &height, &width, &least));
    assert_false(ftmrt_pipeline_least(&(struct ftmrt_pipeline){&flip, 1}, &height, &width, &least));
}

/* Flips of samples 0 .. 999 in one epoch with p = 0.25, at a place of the pipeline; the picture shows it, and a mask of the
 * same sample does the same. */
static int count_flips(uint64_t epoch, int place, bool flips[1000])
{
    const struct ftmrt_arg args[] = {{.kind = FTMRT_ARG_NUMBER, .number = 0.25}};
    const struct ftmrt_call steps[2] = {{FTMRT_CALL_to_grey, NULL},
                                        {FTMRT_CALL_random_horizontal_flip, args}};
    struct ftmrt_transform_task t = {.pipeline = {steps + 1 - place, (uint32_t)place + 1},
                                     .draw = {.seed = 5, .epoch = epoch},
                                     .channels = 1,
                                     .height = 1,
                                     .width = 3};
    unsigned char pixels[] = {1, 2, 3}, space[256];
    const struct ftmrt_picture in = {1, 3, 1, false, pixels}, mask = {1, 3, 1, true, pixels};
    int count = 0;
    for (t.draw.sample = 0; t.draw.sample < 1000; t.draw.sample++) {
        struct ftmrt_picture found;
        float out[3];
        int32_t classes[3];
        assert_int_equal(ftmrt_transform_input(&t, &in, space, &found, out), FTMRT_OK);
        assert_int_equal(ftmrt_transform_mask(&t, &mask, space, &found, classes), FTMRT_OK);
        const bool flipped = out[0] > 2;
        const float want[] = {flipped ? 3 : 1, 2, flipped ? 1 : 3};
        assert_memory_equal(out, want, sizeof out);
        for (int i = 0; i < 3; i++)
            assert_int_equal(classes[i], (int)out[i]);
        flips[t.draw.sample] = flipped;
        count += flipped;
    }
    return count;
}

/* Draws are those of ftmrt_uniform under the documented keys, and differ between epochs and places. */
static void flips_are_a_function_of_seed_epoch_sample_and_place(void **state)
{
    (void)state;
    static bool first[1000], again[1000], later[1000], behind[1000];
    assert_in_range(count_flips(1, 0, first), 200, 300);
    count_flips(1, 0, again);
    count_flips(2, 0, later);
    count_flips(1, 1, behind);
    int by_epoch = 0, by_place = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        assert_int_equal(first[i], again[i]);
        assert_int_equal(first[i], ftmrt_uniform(5, 1, i, FTMRT_USE_TRANSFORM) < 0.25);
        assert_int_equal(behind[i], ftmrt_uniform(5, 1, i, FTMRT_USE_TRANSFORM + 256) < 0.25);
        by_epoch += first[i] != later[i];
        by_place += first[i] != behind[i];
    }
    assert_in_range(by_epoch, 300, 450); /* 2 p (1 - p) = 0.375 of independent draws */
    assert_in_range(by_place, 300, 450);
}

/* Steps that cut, pad, mirror, and change channels, in all kinds of orders: of rows comes what comes of the picture. */
static void rows_are_as_good_as_a_picture(void **state)
{
    (void)state;
    struct ftmrt_arg whole[3], shorter[3], small[3], large[3], border = {0}, mirror = {0};
    border = (struct ftmrt_arg){.kind = FTMRT_ARG_INTEGER, .integer = 90};
    mirror = (struct ftmrt_arg){.kind = FTMRT_ARG_NUMBER, .number = 1};
    const struct ftmrt_call resize = sized(FTMRT_CALL_resize, whole, 20, 20),
                            aspect = sized(FTMRT_CALL_resize, shorter, 24, 0),
                            cut = sized(FTMRT_CALL_center_crop, small, 20, 20),
                            wide = sized(FTMRT_CALL_center_crop, large, 50, 31),
                            pad = {FTMRT_CALL_pad_square, &border},
                            flip = {FTMRT_CALL_random_horizontal_flip, &mirror},
                            grey = {FTMRT_CALL_to_grey, NULL}, rgb = {FTMRT_CALL_to_rgb, NULL};
    const struct ftmrt_call pipelines[][4] = {
        {pad, resize, rgb, rgb},  {pad, grey, rgb, resize}, {aspect, cut, flip, rgb},
        {cut, grey, grey, rgb},   {wide, cut, resize, rgb}, {cut, wide, grey, resize},
        {flip, pad, cut, resize}, {grey, pad, rgb, resize}, {pad, wide, pad, resize},
        {rgb, rgb, rgb, resize},
    };
    static float out[3 * 20 * 20];
    struct array in = load("resize_in");
    const struct ftmrt_picture source = as_picture(&in);
    for (size_t i = 0; i < sizeof pipelines / sizeof *pipelines; i++)
        for (int channels = 1; channels <= 3; channels += 2) {
            struct ftmrt_transform_task t = task_of(pipelines[i], channels, 20, 20);
            t.pipeline.count = 4;
            assert_int_equal(run(&t, &source, out), FTMRT_OK);
        }
    array_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resize_equals_pillow),
        cmocka_unit_test(grey_equals_pillow),
        cmocka_unit_test(normalize_is_per_channel_and_planar),
        cmocka_unit_test(crop_is_centred_and_pads_with_black),
        cmocka_unit_test(grey_pictures_become_rgb_without_a_step),
        cmocka_unit_test(a_wrong_final_size_is_an_error),
        cmocka_unit_test(masks_take_the_nearest_pixel),
        cmocka_unit_test(forms_follow_what_is_known),
        cmocka_unit_test(pipelines_say_what_they_need),
        cmocka_unit_test(rows_are_as_good_as_a_picture),
        cmocka_unit_test(flips_are_a_function_of_seed_epoch_sample_and_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
