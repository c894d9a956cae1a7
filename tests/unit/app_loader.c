/* link: ftmrt_app */
/* Samples of a source: labels of each kind, masks that follow their pictures, and two threads that load at once. */
#include "loader.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { COUNT = 12, HEIGHT = 6, WIDTH = 9, CROP = 5, CLASSES = 7 };

static char folder[] = "/tmp/ftm-loader-XXXXXX", image_path[64], label_path[64];

/* An .npy file (version 1.0). */
static void write_npy(const char *path, const char *descr, const char *shape, const void *data,
                      size_t size)
{
    unsigned char head[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
    char text[119];
    FILE *f = fopen(path, "wb");
    if (!f)
        abort();
    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr,
             shape);
    fwrite(head, 1, sizeof head, f);
    fprintf(f, "%-117s\n", text);
    fwrite(data, 1, size, f);
    assert_int_equal(fclose(f), 0);
}

static unsigned char pixel(int i, int y, int x) { return (unsigned char)(i * 19 + y * 23 + x * 5); }

/* Pictures whose pixels are all different in a row, and masks that are a function of the pixel. */
static int make_files(void **state)
{
    static unsigned char images[COUNT * HEIGHT * WIDTH], masks[sizeof images];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(image_path, sizeof image_path, "%s/images.npy", folder);
    snprintf(label_path, sizeof label_path, "%s/labels.npy", folder);
    for (int i = 0, at = 0; i < COUNT; i++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++, at++) {
                images[at] = pixel(i, y, x);
                masks[at] = images[at] % CLASSES;
            }
    write_npy(image_path, "|u1", "12, 6, 9", images, sizeof images);
    write_npy(label_path, "|u1", "12, 6, 9", masks, sizeof masks);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(image_path);
    unlink(label_path);
    return rmdir(folder);
}

static bool open_labels(struct source *s, enum ftmrt_label_kind kind, int64_t classes)
{
    const struct ftmrt_arg args[] = {{.kind = FTMRT_ARG_TEXT, .text = image_path},
                                     {.kind = FTMRT_ARG_TEXT, .text = label_path},
                                     {.kind = FTMRT_ARG_INTEGER, .integer = kind}};
    const struct ftmrt_call call = {FTMRT_CALL_npy, args};
    const struct source_want want = {.task = {.channels = 1, .height = HEIGHT, .width = CROP},
                                     .classes = classes};
    return source_open(s, &call, &want);
}

static const struct ftmrt_arg half = {.kind = FTMRT_ARG_NUMBER, .number = 0.5};
static const struct ftmrt_arg crop_size[] = {{.kind = FTMRT_ARG_INTEGER, .integer = HEIGHT},
                                             {.kind = FTMRT_ARG_INTEGER, .integer = CROP}};
static const struct ftmrt_call steps[] = {{FTMRT_CALL_random_horizontal_flip, &half},
                                          {FTMRT_CALL_center_crop, crop_size}};

static const struct config_input input = {.channels = 1,
                                          .height = HEIGHT,
                                          .width = CROP,
                                          .transform = {steps, 2},
                                          .labels = FTMRT_LABEL_MASK,
                                          .classes = CLASSES};

enum { AREA = HEIGHT * CROP };

static void a_mask_follows_its_picture(void **state)
{
    (void)state;
    struct source s;
    struct loader_space space = {0};
    int flipped = 0, seen = 0;
    assert_true(open_labels(&s, FTMRT_LABEL_MASK, CLASSES));
    for (uint64_t epoch = 1; epoch <= 4; epoch++) {
        const struct loader l = loader_of(&s, &input, 3, epoch);
        for (int i = 0; i < COUNT; i++, seen++) {
            float out[AREA];
            int32_t mask[AREA];
            assert_true(loader_sample(&l, &space, i, out, mask));
            for (int k = 0; k < AREA; k++)
                assert_int_equal(mask[k], (int)out[k] % CLASSES);
            const int left = (WIDTH - CROP) / 2;
            flipped += (int)out[0] != pixel(i, 0, left);
        }
    }
    assert_in_range(flipped, seen / 4, 3 * seen / 4);
    loader_space_free(&space);
    source_close(&s);
}

static void labels_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    struct source s;
    assert_false(open_labels(&s, FTMRT_LABEL_MASK, CLASSES - 1));
    assert_false(open_labels(&s, FTMRT_LABEL_INDEX, CLASSES));
    assert_false(open_labels(&s, FTMRT_LABEL_VECTOR, CLASSES));
    write_npy(label_path, "|u1", "12, 9, 6", (unsigned char[COUNT * HEIGHT * WIDTH]){0},
              COUNT * HEIGHT * WIDTH);
    assert_false(open_labels(&s, FTMRT_LABEL_MASK, CLASSES));
}

static void classes_become_vectors_where_an_entry_wants_them(void **state)
{
    (void)state;
    struct source s;
    struct loader_space space = {0};
    static const int32_t classes[COUNT] = {0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4};
    write_npy(label_path, "<i4", "12,", classes, sizeof classes);
    assert_true(open_labels(&s, FTMRT_LABEL_INDEX, CLASSES));
    struct config_input wanted = input;
    wanted.labels = FTMRT_LABEL_VECTOR;
    const struct loader l = loader_of(&s, &wanted, 3, 1);
    float out[AREA], label[CLASSES];
    assert_true(loader_sample(&l, &space, 9, out, label));
    for (int k = 0; k < CLASSES; k++)
        assert_true(label[k] == (k == 2 ? 1.0F : 0.0F));
    loader_space_free(&space);
    source_close(&s);
}

/* Every other sample of one source, by a thread of its own. */
struct half_of_samples {
    const struct loader *loader;
    int first;
    float inputs[COUNT][AREA];
    int32_t labels[COUNT];
};

static void *load_half(void *argument)
{
    struct half_of_samples *h = argument;
    struct loader_space space = {0};
    for (int round = 0; round < 50; round++)
        for (int i = h->first; i < COUNT; i += 2)
            if (!loader_sample(h->loader, &space, i, h->inputs[i], &h->labels[i]))
                abort();
    loader_space_free(&space);
    return NULL;
}

static void two_threads_load_from_one_source(void **state)
{
    (void)state;
    struct source s;
    struct loader_space space = {0};
    static struct half_of_samples even, odd;
    assert_true(open_labels(&s, FTMRT_LABEL_INDEX, CLASSES));
    struct config_input wanted = input;
    wanted.labels = FTMRT_LABEL_INDEX;
    const struct loader l = loader_of(&s, &wanted, 3, 1);
    pthread_t other;
    even.loader = odd.loader = &l;
    odd.first = 1;
    assert_int_equal(pthread_create(&other, NULL, load_half, &odd), 0);
    load_half(&even);
    assert_int_equal(pthread_join(other, NULL), 0);
    for (int i = 0; i < COUNT; i++) {
        const struct half_of_samples *h = i % 2 ? &odd : &even;
        float out[AREA];
        int32_t label;
        assert_true(loader_sample(&l, &space, i, out, &label));
        assert_memory_equal(out, h->inputs[i], sizeof out);
        assert_int_equal(label, h->labels[i]);
    }
    loader_space_free(&space);
    source_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mask_follows_its_picture),
        cmocka_unit_test(labels_that_do_not_fit_are_refused),
        cmocka_unit_test(classes_become_vectors_where_an_entry_wants_them),
        cmocka_unit_test(two_threads_load_from_one_source),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
