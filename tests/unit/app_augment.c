/* link: ftmrt_app */
/* Augmentation against torchvision (tests/tools/make_augment_reference.py): ranges of one value leave nothing to chance. And what is
 * drawn: the same for the same keys, other for others. */
#include "augment_ops.h"
#include "warp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEIGHT = 24, WIDTH = 20, BYTES = HEIGHT * WIDTH * 3, MOST_ARGS = 6 };

static unsigned char reference[80][BYTES]; /* the picture, then what becomes of it */
static size_t reference_count;

static int read_reference(void **state)
{
    (void)state;
    FILE *f = fopen("unit/data/augment.ref", "rb");
    reference_count = f ? fread(reference, BYTES, 80, f) : 0;
    return f ? fclose(f) : -1;
}

static struct ftmrt_picture picture(void)
{
    return (struct ftmrt_picture){HEIGHT, WIDTH, 3, false, reference[0]};
}

#define NUMBER(x)  {.kind = FTMRT_ARG_NUMBER, .number = (x)}
#define INTEGER(x) {.kind = FTMRT_ARG_INTEGER, .integer = (x)}
#define WORD(x)    {.kind = FTMRT_ARG_TEXT, .text = (x)}
#define NUMBERS(...)                                                                               \
    {                                                                                              \
        .kind = FTMRT_ARG_NUMBERS, .count = sizeof((double[]){__VA_ARGS__}) / sizeof(double),      \
        .numbers = (const double[])                                                                \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/* Pixels that may differ: nearest ones at ties, bilinear ones by more than rounding. */
enum kind { COLOUR, WARPED };

static const struct {
    enum ftmrt_call_id id;
    enum kind kind;
    struct ftmrt_arg args[MOST_ARGS];
} cases[] = {
    {FTMRT_CALL_random_rotation, WARPED, {NUMBERS(30, 30), WORD("nearest"), INTEGER(0)}},
    {FTMRT_CALL_random_rotation, WARPED, {NUMBERS(30, 30), WORD("bilinear"), INTEGER(77)}},
    {FTMRT_CALL_random_rotation, WARPED, {NUMBERS(-100, -100), WORD("nearest"), INTEGER(255)}},
    {FTMRT_CALL_random_affine,
     WARPED,
     {NUMBERS(10, 10),
      {0},
      NUMBERS(1.3, 1.3),
      NUMBERS(5, 5, -8, -8),
      WORD("bilinear"),
      INTEGER(0)}},
    {FTMRT_CALL_random_affine,
     WARPED,
     {NUMBERS(-20, -20), NUMBERS(0, 0), NUMBERS(0.6, 0.6), NUMBERS(12, 12), WORD("nearest"),
      INTEGER(128)}},
    {FTMRT_CALL_random_affine,
     WARPED,
     {NUMBERS(0), {0}, {0}, NUMBERS(0, 0, 25, 25), WORD("bilinear"), INTEGER(200)}},
    {FTMRT_CALL_random_vertical_flip, COLOUR, {NUMBER(1)}},
    {FTMRT_CALL_color_jitter, COLOUR, {NUMBERS(1.5, 1.5), NUMBERS(0), NUMBERS(0), NUMBERS(0)}},
    {FTMRT_CALL_color_jitter, COLOUR, {NUMBERS(0), NUMBERS(0.4, 0.4), NUMBERS(0), NUMBERS(0)}},
    {FTMRT_CALL_color_jitter, COLOUR, {NUMBERS(0), NUMBERS(0), NUMBERS(1.7, 1.7), NUMBERS(0)}},
    {FTMRT_CALL_color_jitter, COLOUR, {NUMBERS(0), NUMBERS(0), NUMBERS(0), NUMBERS(0.2, 0.2)}},
    {FTMRT_CALL_color_jitter, COLOUR, {NUMBERS(0), NUMBERS(0), NUMBERS(0), NUMBERS(-0.3, -0.3)}},
    {FTMRT_CALL_random_grayscale, COLOUR, {NUMBER(1)}},
    {FTMRT_CALL_gaussian_blur, COLOUR, {INTEGER(5), NUMBERS(1.2, 1.2)}},
    {FTMRT_CALL_gaussian_blur, COLOUR, {INTEGER(9), NUMBERS(0.7, 0.7)}},
    {FTMRT_CALL_random_invert, COLOUR, {NUMBER(1)}},
    {FTMRT_CALL_random_posterize, COLOUR, {INTEGER(3), NUMBER(1)}},
    {FTMRT_CALL_random_solarize, COLOUR, {NUMBER(100), NUMBER(1)}},
    {FTMRT_CALL_random_adjust_sharpness, COLOUR, {NUMBER(0), NUMBER(1)}},
    {FTMRT_CALL_random_adjust_sharpness, COLOUR, {NUMBER(2.5), NUMBER(1)}},
    {FTMRT_CALL_random_autocontrast, COLOUR, {NUMBER(1)}},
    {FTMRT_CALL_random_equalize, COLOUR, {NUMBER(1)}},
};
enum { CASES = sizeof cases / sizeof *cases, PERSPECTIVES = 2 };

/* So many values of a warped picture, and none of another, may differ by more than 1. */
static void assert_like(const unsigned char *have, const unsigned char *want, enum kind kind,
                        const char *what)
{
    int far = 0;
    for (int i = 0; i < BYTES; i++)
        far += abs(have[i] - want[i]) > 1;
    if (far > (kind == WARPED ? BYTES / 200 : 0))
        fail_msg("%s: %d of %d values differ by more than 1", what, far, BYTES);
}

/* Runs steps in memory of exactly their size; out: [HEIGHT, WIDTH, 3]. */
static void run(struct ftmrt_pipeline steps, const struct ftmrt_draw *draw, unsigned char *out)
{
    static float planes[BYTES];
    const struct ftmrt_picture in = picture();
    const struct ftmrt_transform_task t = {
        .pipeline = steps, .draw = *draw, .channels = 3, .height = HEIGHT, .width = WIDTH};
    struct ftmrt_picture found;
    const uint64_t bytes = ftmrt_transform_space(&t, &in);
    unsigned char *space = malloc(bytes + 16);
    memset(space + bytes, 0x5a, 16);
    assert_int_equal(ftmrt_transform_input(&t, &in, space, &found, planes), FTMRT_OK);
    for (int i = 0; i < 16; i++)
        assert_int_equal(space[bytes + (size_t)i], 0x5a);
    free(space);
    for (int i = 0; i < BYTES; i++)
        out[i] = (unsigned char)planes[i % 3 * HEIGHT * WIDTH + i / 3];
}

static void steps_are_torchvisions(void **state)
{
    (void)state;
    static const struct ftmrt_draw draw = {0};
    unsigned char out[BYTES];
    for (size_t i = 0; i < CASES; i++) {
        const struct ftmrt_call step = {cases[i].id, cases[i].args};
        char what[96];
        snprintf(what, sizeof what, "%s, case %zu", ftmrt_call_info(cases[i].id)->name, i);
        run((struct ftmrt_pipeline){&step, 1}, &draw, out);
        assert_like(out, reference[1 + i], cases[i].kind, what);
    }
}

/* A transform at work on a copy of the picture. */
static struct transform at_work(unsigned char *memory)
{
    struct transform t = {.picture = picture(), .memory = memory};
    t.picture = transform_picture(&t, HEIGHT, WIDTH);
    memcpy(t.picture.pixels, reference[0], BYTES);
    return t;
}

static void perspective_is_torchvisions(void **state)
{
    (void)state;
    static unsigned char memory[4 * BYTES];
    double corners[PERSPECTIVES][4][2] = {{{2, 1}, {17, 3}, {18, 20}, {0, 22}},
                                          {{4, 5}, {18, 1}, {15, 21}, {2, 18}}};
    static const int fill[PERSPECTIVES] = {0, 90};
    for (int i = 0; i < PERSPECTIVES; i++) {
        struct transform t = at_work(memory);
        struct warp_matrix m;
        assert_true(warp_perspective(HEIGHT, WIDTH, corners[i], &m));
        transform_warp(&t, &m, i == 0, fill[i]);
        transform_flush(&t);
        assert_like(t.picture.pixels, reference[1 + CASES + i], WARPED,
                    i ? "nearest perspective" : "perspective");
    }
    double line[4][2] = {{0, 0}, {1, 1}, {2, 2}, {3, 3}};
    struct warp_matrix m;
    assert_false(warp_perspective(HEIGHT, WIDTH, line, &m));
}

static void operations_are_torchvisions(void **state)
{
    (void)state;
    static unsigned char memory[4 * BYTES];
    size_t at = 1 + CASES + PERSPECTIVES;
    assert_int_equal(reference_count, at + 2 * augment_op_count());
    for (uint32_t op = 0; op < augment_op_count(); op++)
        for (int wide = 0; wide < 2; wide++, at++) {
            const struct augment_style style = {.wide = wide, .bins = 31};
            struct transform t = at_work(memory);
            augment_run(&t, op, &style, augment_magnitude(&t, op, &style, wide ? 17 : 9, true));
            transform_flush(&t);
            assert_like(t.picture.pixels, reference[at], op >= 1 && op <= 5 ? WARPED : COLOUR,
                        augment_op_name(op));
        }
}

/* Two turns that come to a whole one are seen as none: nothing is lost at the edges, or blurred. */
static void turns_are_put_together(void **state)
{
    (void)state;
    static const struct ftmrt_draw draw = {0};
    const struct ftmrt_arg there[] = {NUMBERS(40, 40), WORD("bilinear"), INTEGER(0)},
                           back[] = {NUMBERS(-40, -40), WORD("bilinear"), INTEGER(0)};
    const struct ftmrt_call steps[] = {{FTMRT_CALL_random_rotation, there},
                                       {FTMRT_CALL_random_rotation, back}};
    unsigned char out[BYTES];
    run((struct ftmrt_pipeline){steps, 2}, &draw, out);
    for (int i = 0; i < BYTES; i++)
        assert_in_range(abs(out[i] - reference[0][i]), 0, 1);
}

static void draws_are_keyed(void **state)
{
    (void)state;
    const struct ftmrt_arg jitter[] = {NUMBERS(0.4), NUMBERS(0.4), NUMBERS(0.4), NUMBERS(0.1)},
                           noise[] = {NUMBER(0), NUMBER(0.1)}, half[] = {NUMBER(0.5)},
                           erase[] = {NUMBER(1), NUMBERS(0.1, 0.3), NUMBERS(0.5, 2),
                                      WORD("random")};
    const struct ftmrt_call inner[] = {{FTMRT_CALL_random_invert, half},
                                       {FTMRT_CALL_color_jitter, jitter}};
    const struct ftmrt_arg list[] = {{.kind = FTMRT_ARG_CALLS, .count = 2, .calls = inner}, {0}};
    const struct ftmrt_arg ops[] = {INTEGER(3), INTEGER(9), INTEGER(31), WORD("bilinear"),
                                    INTEGER(9)};
    const struct ftmrt_call steps[] = {{FTMRT_CALL_color_jitter, jitter},
                                       {FTMRT_CALL_gaussian_noise, noise},
                                       {FTMRT_CALL_random_choice, list},
                                       {FTMRT_CALL_rand_augment, ops},
                                       {FTMRT_CALL_random_erasing, erase}};
    for (uint32_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct ftmrt_pipeline one = {steps + i, 1};
        struct ftmrt_draw draw = {.seed = 5, .epoch = 2, .sample = 7};
        unsigned char first[BYTES], again[BYTES];
        int others = 0;
        run(one, &draw, first);
        run(one, &draw, again);
        assert_memory_equal(first, again, BYTES);
        for (int k = 1; k < 9; k++) {
            draw = (struct ftmrt_draw){5, 2 + (uint64_t)(k % 2), 7 + (uint64_t)k, 0};
            run(one, &draw, again);
            others += memcmp(first, again, BYTES) != 0;
        }
        assert_true(others >= 3);
    }
}

/* Of each sample a rectangle is the partner's, whole in all channels, and the label has its share of the area. */
static void cutmix_takes_rectangles(void **state)
{
    (void)state;
    enum { N = 64, C = 2, H = 12, W = 9, CLASSES = 3 };
    static float inputs[N][C][H][W], labels[N][CLASSES], out[C][H][W], label[CLASSES];
    const struct ftmrt_arg alpha = NUMBER(1);
    const struct ftmrt_call mix = {FTMRT_CALL_cutmix, &alpha};
    const struct ftmrt_batch b = {N, C, H, W, CLASSES, &inputs[0][0][0][0], &labels[0][0]};
    double share = 0;
    for (int k = 0; k < N; k++) {
        labels[k][k % CLASSES] = 1;
        for (int i = 0; i < C * H * W; i++)
            (&inputs[k][0][0][0])[i] = (float)(k * 1000 + i);
    }
    for (int k = 0; k < N; k++) {
        const struct ftmrt_draw draw = {.seed = 3, .epoch = 1, .sample = (uint64_t)k};
        int taken = 0, top = H, bottom = -1, left = W, right = -1, other = k;
        ftmrt_mix(&mix, &b, k, &draw, &out[0][0][0], label);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                const int from = (int)out[0][y][x] / 1000;
                assert_int_equal(out[1][y][x], from * 1000 + (H + y) * W + x);
                if (from == k)
                    continue;
                other = from;
                taken++;
                top = y < top ? y : top;
                bottom = y > bottom ? y : bottom;
                left = x < left ? x : left;
                right = x > right ? x : right;
            }
        assert_int_equal(taken, taken ? (bottom - top + 1) * (right - left + 1) : 0);
        share += taken / (double)(H * W);
        for (int c = 0; c < CLASSES && other != k; c++)
            assert_true(
                fabs((double)label[c] - ((c == k % CLASSES) * (1 - taken / (double)(H * W)) +
                                         (c == other % CLASSES) * taken / (double)(H * W))) < 1e-6);
    }
    assert_true(share / N > 0.2 &&
                share / N <
                    0.5); /* a half, less what the edges cut off and partners that are themselves */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(cutmix_takes_rectangles),

                                       cmocka_unit_test(steps_are_torchvisions),
                                       cmocka_unit_test(perspective_is_torchvisions),
                                       cmocka_unit_test(operations_are_torchvisions),
                                       cmocka_unit_test(turns_are_put_together),
                                       cmocka_unit_test(draws_are_keyed)};
    return cmocka_run_group_tests(tests, read_reference, NULL);
}
