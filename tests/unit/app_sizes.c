/* link: ftmrt_app */
/* The transforms that change a picture's size or cut a part of it, against Pillow and torchvision (references of
 * tests/tools/make_resize_reference.py). */
#include "transform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "read_file.h"

enum { MOST = 1 << 20 };

static struct ftmrt_arg integer(int64_t i)
{
    return (struct ftmrt_arg){.kind = FTMRT_ARG_INTEGER, .integer = i};
}

static struct ftmrt_arg word(const char *text)
{
    return (struct ftmrt_arg){.kind = FTMRT_ARG_TEXT, .text = text};
}

static struct ftmrt_arg range(const double *two)
{
    return (struct ftmrt_arg){.kind = FTMRT_ARG_NUMBERS, .count = 2, .numbers = two};
}

/* Runs one step on a picture in memory of exactly its size; out [channels, height, width]. */
static void run(const struct ftmrt_call *step, const struct ftmrt_picture *in, uint64_t sample,
                int64_t height, int64_t width, float *out)
{
    const struct ftmrt_transform_task t = {.pipeline = {step, 1},
                                           .draw = {.seed = 7, .epoch = 1, .sample = sample},
                                           .channels = in->channels,
                                           .height = height,
                                           .width = width};
    struct ftmrt_picture found;
    const uint64_t bytes = ftmrt_transform_space(&t, in);
    unsigned char *space = malloc(bytes + 16);
    assert_non_null(space);
    memset(space + bytes, 0x5a, 16);
    assert_int_equal(ftmrt_transform_input(&t, in, space, &found, out), FTMRT_OK);
    for (int i = 0; i < 16; i++)
        assert_int_equal(space[bytes + (size_t)i], 0x5a);
    free(space);
}

/* ---- resize ---- */

static const char *const filters[] = {"bilinear", "bicubic", "nearest"};

/* One record at *at; steps behind it. */
static void check_resize(const unsigned char **at)
{
    static float out[3 * 40 * 40];
    const unsigned char *r = *at, *pixels = r + 6;
    const int64_t h = r[0], w = r[1], c = r[2], new_h = r[3], new_w = r[4];
    unsigned char copy[3 * 40 * 40];
    memcpy(copy, pixels, (size_t)(h * w * c));
    const struct ftmrt_picture in = {h, w, (int)c, false, copy};
    const struct ftmrt_arg args[] = {integer(new_h), integer(new_w), word(filters[r[5]])};
    const struct ftmrt_call step = {FTMRT_CALL_resize, args};
    const unsigned char *want = pixels + h * w * c;
    run(&step, &in, 0, new_h, new_w, out);
    for (int64_t i = 0; i < new_h * new_w * c; i++) {
        const int got = (int)out[i % c * new_h * new_w + i / c];
        if (abs(got - want[i]) > (r[5] == 2 ? 0 : 1))
            fail_msg("%d x %d to %d x %d, %s: value %d is %d, not %d", (int)h, (int)w, (int)new_h,
                     (int)new_w, filters[r[5]], (int)i, got, want[i]);
    }
    *at = want + new_h * new_w * c;
}

static void resize_equals_pillow(void **state)
{
    (void)state;
    unsigned char *records = malloc(MOST);
    assert_non_null(records);
    const size_t size = read_file("unit/data/resizes.ref", records, MOST);
    int count = 0;
    for (const unsigned char *at = records; at < records + size; count++)
        check_resize(&at);
    assert_int_equal(count, 80);
    free(records);
}

/* ---- cutting and padding ---- */

/* Pictures whose pixels are their place: row * 16 + column. */
static struct ftmrt_picture places(int64_t height, int64_t width, unsigned char *pixels)
{
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            pixels[y * width + x] = (unsigned char)(16 * y + x);
    return (struct ftmrt_picture){height, width, 1, false, pixels};
}

/* torchvision's corner is round((size - crop) / 2), halves to even. */
static void center_crops_are_torchvisions(void **state)
{
    (void)state;
    unsigned char pixels[256];
    float out[256];
    for (int64_t h = 1; h <= 14; h++)
        for (int64_t w = 1; w <= h; w++) {
            const struct ftmrt_picture in = places(14, h, pixels);
            const struct ftmrt_arg args[] = {integer(5), integer(w)};
            const struct ftmrt_call step = {FTMRT_CALL_center_crop, args};
            run(&step, &in, 0, 5, w, out);
            assert_int_equal((int)out[0],
                             (int)(16 * nearbyint(9 / 2.0) + nearbyint((double)(h - w) / 2)));
        }
}

static void squares_keep_all_pixels(void **state)
{
    (void)state;
    unsigned char pixels[256];
    float out[256];
    const struct ftmrt_arg args[] = {integer(200)};
    const struct ftmrt_call step = {FTMRT_CALL_pad_square, args};
    const struct ftmrt_picture wide = places(2, 5, pixels);
    run(&step, &wide, 0, 5, 5, out);
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 5; x++)
            assert_int_equal((int)out[5 * y + x], y == 1 || y == 2 ? 16 * (y - 1) + x : 200);
    const struct ftmrt_picture high = places(4, 1, pixels);
    run(&step, &high, 0, 4, 4, out);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 4; x++)
            assert_int_equal((int)out[4 * y + x], x == 1 ? 16 * y : 200);
}

/* A square is known to be one, so that one number says its size. */
static void a_square_has_one_size(void **state)
{
    (void)state;
    const struct ftmrt_arg fill[] = {integer(0)},
                           eight[] = {integer(8), {.kind = FTMRT_ARG_NONE}, word("bilinear")};
    const struct ftmrt_call pad = {FTMRT_CALL_pad_square, fill},
                            resize = {FTMRT_CALL_resize, eight};
    struct ftmrt_form f = {.height = 0};
    ftmrt_form_step(&pad, &f);
    assert_int_equal(f.height, 0);
    ftmrt_form_step(&resize, &f);
    assert_int_equal(f.height, 8);
    assert_int_equal(f.width, 8);
}

/* Every place of picture and border is drawn, all about as often. */
static void random_crops_reach_all_places(void **state)
{
    (void)state;
    unsigned char pixels[256];
    float out[16];
    int seen[7][5] = {{0}};
    const struct ftmrt_arg args[] = {integer(4), integer(3), integer(2), integer(255)};
    const struct ftmrt_call step = {FTMRT_CALL_random_crop, args};
    const struct ftmrt_picture in = places(6, 3, pixels);
    for (uint64_t sample = 0; sample < 3500; sample++) {
        run(&step, &in, sample, 4, 3, out);
        int i = 0;
        while (out[i] > 254)
            i++;
        const int row = (int)out[i] / 16 - i / 3, column = (int)out[i] % 16 - i % 3;
        seen[row + 2][column + 2]++;
    }
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 5; x++)
            assert_in_range(seen[y][x], 50, 160);
}

/* ---- random_resized_crop ---- */

static const double all[] = {1, 1}, part[] = {0.25, 0.5}, aspects[] = {0.5, 2};

/* The whole picture, where the area is all of it and its aspect is allowed. */
static void the_whole_picture_is_resized(void **state)
{
    (void)state;
    unsigned char pixels[256];
    float cropped[256], resized[256];
    const struct ftmrt_picture in = places(12, 12, pixels);
    const struct ftmrt_arg crop[] = {integer(7), integer(5), range(all), range(all),
                                     word("bicubic")},
                           size[] = {integer(7), integer(5), word("bicubic")};
    const struct ftmrt_call random = {FTMRT_CALL_random_resized_crop, crop},
                            resize = {FTMRT_CALL_resize, size};
    run(&random, &in, 3, 7, 5, cropped);
    run(&resize, &in, 3, 7, 5, resized);
    assert_memory_equal(cropped, resized, 7 * 5 * sizeof(float));
}

/* Height and width of the part that was taken, from the differences of its corners' pixels. */
static void part_of(const float *out, double *height, double *width)
{
    const double scale = 40.0 / 39; /* pixel centres to edges */
    *height = (out[39 * 40] - out[0]) * scale;
    *width = (out[40 * 40 + 39] - out[40 * 40]) * scale;
}

/* Areas and aspects are drawn between their bounds, the mean area in the middle. */
static void parts_have_the_area_and_aspect_that_are_drawn(void **state)
{
    (void)state;
    enum { SIDE = 200, DRAWS = 400 };
    static unsigned char pixels[SIDE * SIDE * 3];
    static float out[3 * 40 * 40];
    for (int i = 0; i < SIDE * SIDE; i++) {
        pixels[3 * i] = (unsigned char)(i / SIDE);
        pixels[3 * i + 1] = (unsigned char)(i % SIDE);
    }
    const struct ftmrt_picture in = {SIDE, SIDE, 3, false, pixels};
    const struct ftmrt_arg args[] = {
        integer(40), {.kind = FTMRT_ARG_NONE}, range(part), range(aspects), word("nearest")};
    const struct ftmrt_call step = {FTMRT_CALL_random_resized_crop, args};
    double sum = 0, logs = 0;
    for (uint64_t sample = 0; sample < DRAWS; sample++) {
        double height, width;
        run(&step, &in, sample, 40, 40, out);
        part_of(out, &height, &width);
        const double area = height * width / SIDE / SIDE, aspect = width / height;
        assert_true(area > 0.22 && area < 0.55 && aspect > 0.45 && aspect < 2.2);
        sum += area;
        logs += log(aspect);
    }
    assert_float_equal(sum / DRAWS, 0.375, 0.02);
    assert_float_equal(logs / DRAWS, 0, 0.07);
}

/* Where no drawn part fits, the middle of the picture with an allowed aspect. */
static void thin_pictures_give_their_middle(void **state)
{
    (void)state;
    unsigned char pixels[256];
    float out[4];
    const struct ftmrt_picture in = places(1, 14, pixels);
    const struct ftmrt_arg args[] = {integer(1), integer(2), range(all), range(aspects),
                                     word("nearest")};
    const struct ftmrt_call step = {FTMRT_CALL_random_resized_crop, args};
    run(&step, &in, 0, 1, 2, out);
    assert_int_equal((int)out[0], 6);
    assert_int_equal((int)out[1], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resize_equals_pillow),
        cmocka_unit_test(center_crops_are_torchvisions),
        cmocka_unit_test(squares_keep_all_pixels),
        cmocka_unit_test(a_square_has_one_size),
        cmocka_unit_test(random_crops_reach_all_places),
        cmocka_unit_test(the_whole_picture_is_resized),
        cmocka_unit_test(parts_have_the_area_and_aspect_that_are_drawn),
        cmocka_unit_test(thin_pictures_give_their_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
