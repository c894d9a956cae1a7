/* link: ftmrt_app */
/* Pictures that look alike: copies are found at another size, packed again, lighter, darker and mirrored, and others are not. */
#include "likeness.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ftmrt.h"

enum { PICTURES = 80, HEIGHT = 48, WIDTH = 64, BLOBS = 6 };

static double draw(int picture, int what)
{
    return ftmrt_uniform(5, (uint64_t)picture, (uint64_t)what, FTMRT_USE_SPLIT);
}

/* What a photograph shows at a place from 0 to 1: soft blobs of one colour each, on a slope. */
static double shade(int picture, int channel, double y, double x)
{
    double v = 60 + 80 * draw(picture, 90) * y + 60 * draw(picture, 91) * x;
    for (int i = 0; i < BLOBS; i++) {
        const double dy = y - draw(picture, 8 * i), dx = x - draw(picture, 8 * i + 1),
                     size = 0.05 + 0.2 * draw(picture, 8 * i + 2);
        v += (draw(picture, 8 * i + 3 + channel) - 0.4) * 150 *
             exp(-(dy * dy + dx * dx) / (size * size));
    }
    return v;
}

/* How a copy differs. */
struct copy {
    const char *name;
    double size, light, contrast, noise;
    bool mirrored, grey;
};

static unsigned char level(double v) { return (unsigned char)(v < 0 ? 0 : v > 255 ? 255 : v); }

static struct likeness look(int picture, const struct copy *c)
{
    static unsigned char pixels[3 * 4 * HEIGHT * WIDTH];
    struct ftmrt_picture p = {.height = (int64_t)(HEIGHT * c->size),
                              .width = (int64_t)(WIDTH * c->size),
                              .channels = c->grey ? 1 : 3,
                              .pixels = pixels};
    struct likeness l;
    unsigned char *to = pixels;
    for (int64_t y = 0; y < p.height; y++)
        for (int64_t x = 0; x < p.width; x++)
            for (int k = 0; k < p.channels; k++) {
                const double at = ((double)x + 0.5) / (double)p.width;
                const double v = shade(picture, k, ((double)y + 0.5) / (double)p.height,
                                       c->mirrored ? 1 - at : at);
                const double noise =
                    ftmrt_uniform(6, (uint64_t)picture, (uint64_t)(to - pixels), FTMRT_USE_SPLIT) -
                    0.5;
                *to++ = level((v - 100) * c->contrast + 100 + c->light + 2 * c->noise * noise);
            }
    likeness_of(&l, &p);
    return l;
}

static const struct copy original = {"original", 1, 0, 1, 0, false, false};

static void copies_are_found(void **state)
{
    (void)state;
    static const struct copy copies[] = {
        {"half as large", 0.5, 0, 1, 0, false, false},
        {"larger", 1.7, 0, 1, 0, false, false},
        {"packed again", 1, 0, 1, 5, false, false},
        {"lighter", 1, 20, 1, 0, false, false},
        {"darker", 1, -20, 1, 0, false, false},
        {"of more contrast", 1, 0, 1.2, 0, false, false},
        {"mirrored", 1, 0, 1, 0, true, false},
        {"mirrored, smaller, lighter and packed again", 0.7, 15, 1, 4, true, false},
    };
    static struct likeness a[PICTURES], b[PICTURES];
    static uint64_t ours[PICTURES], theirs[PICTURES];
    static struct alike found[PICTURES];
    for (int i = 0; i < PICTURES; i++) {
        a[i] = look(i, &original);
        ours[i] = 2 * (uint64_t)i;
        theirs[i] = 2 * (uint64_t)i + 1;
    }
    for (size_t k = 0; k < sizeof copies / sizeof *copies; k++) {
        int right = 0, wrong = 0;
        for (int i = 0; i < PICTURES; i++)
            b[i] = look(i, &copies[k]);
        likeness_find(a, ours, PICTURES, b, theirs, PICTURES, 2, found);
        for (int i = 0; i < PICTURES; i++) {
            right += found[i].other == i && found[i].mirrored == copies[k].mirrored;
            wrong += found[i].other >= 0 && found[i].other != i;
        }
        print_message("%s: %d of %d, %d wrong\n", copies[k].name, right, PICTURES, wrong);
        assert_true(right >= PICTURES * 95 / 100);
        assert_int_equal(wrong, 0);
    }
}

/* Other pictures are not alike, nor are those that are known to be equal, or that show nothing. */
static void others_are_not(void **state)
{
    (void)state;
    static struct likeness a[PICTURES], b[PICTURES];
    static uint64_t contents[PICTURES], others[PICTURES];
    static struct alike found[PICTURES];
    for (int i = 0; i < PICTURES; i++) {
        a[i] = look(i, &original);
        b[i] = look(PICTURES + i, &original);
        contents[i] = (uint64_t)i;
        others[i] = UINT64_C(1) << 40;
    }
    likeness_find(a, contents, PICTURES, b, others, PICTURES, 1, found);
    for (int i = 0; i < PICTURES; i++)
        assert_int_equal(found[i].other, -1);
    likeness_find(a, contents, PICTURES, a, contents, PICTURES, 3, found);
    for (int i = 0; i < PICTURES; i++)
        assert_int_equal(found[i].other, -1);
    unsigned char white[16 * 16];
    memset(white, 250, sizeof white);
    likeness_of(&b[0], &(struct ftmrt_picture){16, 16, 1, false, white});
    b[1] = b[0];
    likeness_find(b, contents, 1, b + 1, others, 1, 1, found);
    assert_int_equal(found[0].other, -1);
    likeness_of(&b[0], &(struct ftmrt_picture){0, 0, 3, false, white});
    assert_true(b[0].length <= 0);
}

/* Pictures of a row or a column have parts of less than a pixel. */
static void small_pictures_are_taken(void **state)
{
    (void)state;
    static const unsigned char pixels[] = {0, 50, 200, 90, 255, 10, 30};
    for (int64_t n = 1; n <= 7; n++) {
        struct likeness row, column;
        likeness_of(&row,
                    &(struct ftmrt_picture){1, n, 1, false, (unsigned char *)(uintptr_t)pixels});
        likeness_of(&column,
                    &(struct ftmrt_picture){n, 1, 1, false, (unsigned char *)(uintptr_t)pixels});
        assert_true(fabsf(row.length - column.length) < 1e-3F * column.length + 1e-6F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_found),
        cmocka_unit_test(others_are_not),
        cmocka_unit_test(small_pictures_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
