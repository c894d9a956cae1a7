/* link: ftmrt_picture */
/* Picture files to pixels, against those that Pillow reads in them (references of tests/tools/make_picture_reference.py), and
 * what damaged and hostile files get.
 *
 * `picture FILE ALPHA EXIF` writes height, width and channels (u16) and the pixels of a file, for that script. */
#include "picture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decoder.h"
#include "read_file.h"

enum { MAX_FILE = 1 << 20, CUTS = 12, FLIPS = 40 };

struct pixels {
    unsigned char *at;
    size_t size;
};

static unsigned char *need(void *owner, size_t size)
{
    struct pixels *p = owner;
    free(p->at);
    p->at = malloc(size);
    p->size = size;
    return p->at;
}

static bool decode(const unsigned char *bytes, size_t size, struct ftmrt_picture_options options,
                   struct pixels *pixels, struct ftmrt_picture *out, struct ftmrt_picture_report *r)
{
    return ftmrt_picture_decode(bytes, size, &options, (struct ftmrt_pixel_memory){need, pixels},
                                out, r);
}

/* ---- references ---- */

struct record {
    const unsigned char *file, *pixels;
    size_t size;
    int height, width, channels, tolerance;
    struct ftmrt_picture_options options;
};

static unsigned char *references;
static size_t references_size;

static int open_references(void **state)
{
    (void)state;
    references = malloc(MAX_FILE);
    assert_non_null(references);
    references_size = read_file("unit/data/pictures.ref", references, MAX_FILE);
    assert_true(references_size > 0);
    return 0;
}

static int close_references(void **state)
{
    (void)state;
    free(references);
    return 0;
}

static unsigned little(const unsigned char *at, int bytes)
{
    unsigned x = 0;
    for (int i = 0; i < bytes; i++)
        x |= (unsigned)at[i] << 8 * i;
    return x;
}

/* Takes the next record from *at on; false at the end. */
static bool next_record(size_t *at, struct record *r)
{
    if (*at == references_size)
        return false;
    const unsigned char *p = references + *at;
    r->size = little(p, 4);
    r->file = p + 4;
    p = r->file + r->size;
    r->height = (int)little(p, 2);
    r->width = (int)little(p + 2, 2);
    r->channels = p[4];
    r->options = (struct ftmrt_picture_options){.alpha = (enum ftmrt_alpha)p[5],
                                                .exif = (enum ftmrt_exif)p[6]};
    r->tolerance = p[7];
    r->pixels = p + 8;
    *at = (size_t)(r->pixels - references) + (size_t)(r->height * r->width * r->channels);
    return true;
}

static void test_pixels(void **state)
{
    (void)state;
    struct pixels memory = {0};
    struct record want;
    int count = 0;
    for (size_t at = 0; next_record(&at, &want); count++) {
        struct ftmrt_picture got;
        struct ftmrt_picture_report r;
        if (!decode(want.file, want.size, want.options, &memory, &got, &r))
            fail_msg("picture %d: %s", count, r.error);
        assert_string_equal(r.warning, "");
        if (got.height != want.height || got.width != want.width || got.channels != want.channels)
            fail_msg("picture %d is %d x %d x %d", count, (int)got.height, (int)got.width,
                     got.channels);
        for (int i = 0; i < want.height * want.width * want.channels; i++)
            if (abs(got.pixels[i] - want.pixels[i]) > want.tolerance)
                fail_msg("picture %d, value %d: %d, not %d", count, i, got.pixels[i],
                         want.pixels[i]);
    }
    assert_true(count >= 80);
    free(memory.at);
}

/* ---- reduced JPEG ---- */

static double mean_of(const struct ftmrt_picture *p)
{
    const int64_t count = p->height * p->width * p->channels;
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += p->pixels[i];
    return sum / (double)count;
}

static int64_t part_of_side(int64_t side, int64_t part) { return (side + part - 1) / part; }

/* At 1/part of the size, where so much is left of the shorter side: the same picture, only smaller. */
static void check_reduced(const struct record *full, int64_t part, struct pixels *memory)
{
    const int shorter = full->height < full->width ? full->height : full->width;
    const struct ftmrt_picture all = {full->height, full->width, full->channels, false,
                                      (unsigned char *)(uintptr_t)full->pixels};
    struct ftmrt_picture_options options = full->options;
    struct ftmrt_picture got;
    struct ftmrt_picture_report r;
    options.least.shorter = shorter / part;
    assert_true(decode(full->file, full->size, options, memory, &got, &r));
    assert_int_equal(got.height, part_of_side(full->height, part));
    assert_int_equal(got.width, part_of_side(full->width, part));
    if (part == 2 && fabs(mean_of(&got) - mean_of(&all)) > 12) /* of smaller ones most is border */
        fail_msg("the mean is %g, not %g", mean_of(&got), mean_of(&all));
    options.least = (struct ftmrt_least){.height = full->height / part + 1};
    assert_true(decode(full->file, full->size, options, memory, &got, &r));
    assert_int_equal(got.height, part_of_side(full->height, part / 2));
}

static void test_reduced_jpeg(void **state)
{
    (void)state;
    struct pixels memory = {0};
    struct record r;
    int count = 0;
    for (size_t at = 0; next_record(&at, &r);)
        if (r.file[0] == 0xff && r.file[1] == 0xd8 && r.height >= 8 && r.width >= 8) {
            for (int64_t part = 2; part <= 8; part *= 2)
                check_reduced(&r, part, &memory);
            count++;
        }
    assert_true(count >= 5);
    free(memory.at);
}

/* ---- damage ---- */

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525U + 1013904223U;
    return random_state >> 8;
}

/* Whatever happens, there are pixels or a reason. */
static bool survives(const unsigned char *bytes, size_t size, struct pixels *memory)
{
    struct ftmrt_picture got;
    struct ftmrt_picture_report r;
    const bool ok = decode(bytes, size, (struct ftmrt_picture_options){0}, memory, &got, &r);
    assert_true(ok || r.error[0]);
    assert_true(!ok || (size_t)(got.height * got.width * got.channels) <= memory->size);
    return ok;
}

static void test_cut_files(void **state)
{
    (void)state;
    struct pixels memory = {0};
    struct record r;
    for (size_t at = 0; next_record(&at, &r);)
        for (size_t k = 1; k <= CUTS; k++) {
            const size_t size = r.size * k / (CUTS + 1);
            unsigned char *copy = malloc(size + 1); /* so that ASan sees its end */
            assert_non_null(copy);
            memcpy(copy, r.file, size);
            if (survives(copy, size, &memory) && k < CUTS / 2)
                fail_msg("%zu of %zu bytes are a picture", size, r.size);
            free(copy);
        }
    free(memory.at);
}

static void test_changed_files(void **state)
{
    (void)state;
    struct pixels memory = {0};
    struct record r;
    for (size_t at = 0; next_record(&at, &r);)
        for (int k = 0; k < FLIPS; k++) {
            unsigned char *copy = malloc(r.size);
            assert_non_null(copy);
            memcpy(copy, r.file, r.size);
            for (uint32_t n = next_random() % 4; n < 4; n++)
                copy[next_random() % r.size] = (unsigned char)next_random();
            survives(copy, r.size, &memory);
            free(copy);
        }
    free(memory.at);
}

static void refused(const char *bytes, size_t size, const char *reason)
{
    struct pixels memory = {0};
    struct ftmrt_picture got;
    struct ftmrt_picture_report r;
    assert_false(decode((const unsigned char *)bytes, size, (struct ftmrt_picture_options){0},
                        &memory, &got, &r));
    if (!strstr(r.error, reason))
        fail_msg("%s", r.error);
    free(memory.at);
}

static void test_other_kinds(void **state)
{
    (void)state;
    refused("\0\0\0\x18"
            "ftypheic\0\0\0\0",
            16, "heif-convert");
    refused("\0\0\0\x1c"
            "ftypavif\0\0\0\0",
            16, "AVIF");
    refused("GIF89a", 6, "GIF");
    refused("BM....", 6, "BMP");
    refused("II*\0\x08\0\0\0", 8, "TIFF");
    refused("<html>", 6, "not a picture of a kind that is read: PNG JPEG WebP");
    refused("", 0, "not a picture");
}

/* A header of 57 bytes that claims 2^31 - 1 pixels in a row: it is refused before memory for a row is asked for. */
static void test_huge_png(void **state)
{
    (void)state;
    static const char png[] =
        "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\x7f\xff\xff\xff\0\0\0\x01\x10\x06\0\0\0"
        "\xf0\xa6\xef\x9e\0\0\0\0IDAT";
    refused(png, sizeof png - 1, "2147483647 x 1 pixels; the limit is 100 megapixels");
}

static void test_names(void **state)
{
    (void)state;
    assert_true(ftmrt_picture_name("a.png") && ftmrt_picture_name("b.JPG"));
    assert_true(ftmrt_picture_name("x.y.jpeg") && ftmrt_picture_name("c.webp"));
    assert_false(ftmrt_picture_name("png") || ftmrt_picture_name(".png"));
    assert_false(ftmrt_picture_name("a.jp") || ftmrt_picture_name("a.jpgx"));
    assert_non_null(ftmrt_picture_converter("IMG_1.HEIC"));
    assert_null(ftmrt_picture_converter("a.png"));
}

/* ---- EXIF ---- */

static void test_exif(void **state)
{
    (void)state;
    static const unsigned char good[] = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
    unsigned char bad[sizeof good];
    static const unsigned char big_long[] =
        "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x06";
    assert_int_equal(exif_orientation(good, sizeof good - 1), 6);
    assert_int_equal(exif_orientation(big_long, sizeof big_long - 1), 6);
    for (size_t size = 0; size < sizeof good - 1; size++)
        assert_int_equal(exif_orientation(good, size), 1);
    for (size_t i = 0; i < sizeof good - 1; i++)
        for (int x = 0; x < 256; x++) {
            memcpy(bad, good, sizeof good);
            bad[i] = (unsigned char)x;
            const int found = exif_orientation(bad, sizeof good - 1);
            assert_true(found >= 1 && found <= 8);
        }
}

static int write_pixels(char **argv)
{
    static unsigned char bytes[MAX_FILE];
    struct pixels memory = {0};
    struct ftmrt_picture p;
    struct ftmrt_picture_report r;
    const struct ftmrt_picture_options options = {.alpha = (enum ftmrt_alpha)atoi(argv[2]),
                                                  .exif = (enum ftmrt_exif)atoi(argv[3])};
    if (!decode(bytes, read_file(argv[1], bytes, MAX_FILE), options, &memory, &p, &r)) {
        fprintf(stderr, "%s\n", r.error);
        return 1;
    }
    const uint16_t sizes[] = {(uint16_t)p.height, (uint16_t)p.width, (uint16_t)p.channels};
    fwrite(sizes, sizeof *sizes, 3, stdout);
    fwrite(p.pixels, 1, (size_t)(p.height * p.width * p.channels), stdout);
    free(memory.at);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels),        cmocka_unit_test(test_cut_files),
        cmocka_unit_test(test_changed_files), cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_huge_png),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_exif),          cmocka_unit_test(test_reduced_jpeg),
    };
    return argc == 4 ? write_pixels(argv)
                     : cmocka_run_group_tests(tests, open_references, close_references);
}
