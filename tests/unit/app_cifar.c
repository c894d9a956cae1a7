/* link: ftmrt_app */
/* CIFAR's binary files: pixels as torchvision reads them, classes by their names, and files that are damaged. */
#include "source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "folder_tree.h"

enum { RECORDS = 3, BYTES = 3072, BATCHES = 5 };

static const char *const folders[] = {"cifar-10-batches-bin", NULL};
static const char *const files[] = {"cifar-10-batches-bin/data_batch_1.bin",
                                    "cifar-10-batches-bin/data_batch_2.bin",
                                    "cifar-10-batches-bin/data_batch_3.bin",
                                    "cifar-10-batches-bin/data_batch_4.bin",
                                    "cifar-10-batches-bin/data_batch_5.bin",
                                    "cifar-10-batches-bin/batches.meta.txt",
                                    "test.bin",
                                    "fine_label_names.txt",
                                    "coarse_label_names.txt",
                                    NULL};
static struct folder_tree tree = {"/tmp/ftm-cifar-XXXXXX", folders, files};

/* Records with so many labels: of record i they are `first` + i and what is behind it; size: of the file, 0 for all of it. */
static void write_records(const char *name, int labels, int first, long size)
{
    char path[128];
    tree_path(path, &tree, name);
    FILE *f = fopen(path, "wb");
    if (!f)
        abort();
    for (int i = 0; i < RECORDS; i++) {
        for (int k = 0; k < labels; k++)
            fputc((first + i) % 10 + 10 * k, f);
        for (int b = 0; b < BYTES; b++)
            fputc((i * 31 + b * 7 + (b >> 5) * 3) & 255, f);
    }
    fclose(f);
    if (size && truncate(path, size) != 0)
        abort();
}

static int make_files(void **state)
{
    (void)state;
    tree_make(&tree);
    for (int i = 0; i < BATCHES; i++)
        write_records(files[i], 1, 7, 0);
    tree_write(&tree, files[BATCHES], "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    write_records("test.bin", 2, 0, 0);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    return tree_remove(&tree);
}

static char *names[256];

/* Classes called as in the file, or by their numbers. */
static struct source_want want_of(int classes, bool letters)
{
    static char texts[256][8];
    for (int i = 0; i < classes; i++) {
        snprintf(texts[i], sizeof texts[i], letters ? "%c" : "%d", letters ? 'a' + i : i);
        names[i] = texts[i];
    }
    return (struct source_want){.task = {.channels = 3, .height = 32, .width = 32},
                                .classes = classes,
                                .labels = names,
                                .threads = 2};
}

static struct ftmrt_arg text(const char *t)
{
    return (struct ftmrt_arg){.kind = FTMRT_ARG_TEXT, .text = t};
}

static bool open_ten(struct source *s, const struct source_want *want)
{
    const struct ftmrt_arg args[] = {text(tree.root), text("train")};
    return source_open(s, &(struct ftmrt_call){FTMRT_CALL_cifar10, args}, want);
}

/* tests/tools/make_cifar_reference.py, torchvision 0.29.1: record, row, column, pixel, label */
static const struct {
    int64_t record;
    int y, x;
    unsigned char pixel[3];
    int64_t label;
} reference[] = {
    {0, 0, 0, {0, 96, 192}, 7},   {0, 0, 1, {7, 103, 199}, 7},    {0, 1, 0, {227, 67, 163}, 7},
    {1, 5, 9, {205, 45, 141}, 8}, {2, 31, 31, {148, 244, 84}, 9},
};

static void pixels_are_those_of_torchvision(void **state)
{
    (void)state;
    const struct source_want want = want_of(10, true);
    struct source s;
    struct buffer buffer = {0};
    union field_value v;
    assert_true(open_ten(&s, &want));
    assert_int_equal(s.count, BATCHES * RECORDS);
    for (size_t i = 0; i < sizeof reference / sizeof *reference; i++) {
        assert_true(s.read(&s, reference[i].record, FIELD_INPUT, &buffer, &v));
        assert_int_equal(v.picture.channels, 3);
        assert_memory_equal(v.picture.pixels + 3 * (32 * reference[i].y + reference[i].x),
                            reference[i].pixel, 3);
        assert_int_equal(source_class(&s, reference[i].record), reference[i].label);
    }
    assert_non_null(strstr(s.sample_name(&s, 4), "data_batch_2.bin:1"));
    buffer_free(&buffer);
    source_close(&s);
}

/* Names of the file that the program has not are an error; without the file classes are numbers. */
static void classes_go_by_names(void **state)
{
    (void)state;
    const struct source_want letters = want_of(10, true);
    struct source s;
    names[3] = names[4];
    assert_false(open_ten(&s, &letters));
    const struct source_want numbers = want_of(10, false);
    assert_false(open_ten(&s, &numbers));
    tree_write(&tree, files[BATCHES], "a\nb\n");
    assert_false(open_ten(&s, &numbers));
    char path[128];
    tree_path(path, &tree, files[BATCHES]);
    unlink(path);
    assert_true(open_ten(&s, &numbers));
    assert_int_equal(source_class(&s, 2), 9);
    source_close(&s);
}

static bool open_hundred(struct source *s, const char *label, int classes)
{
    const struct source_want want = want_of(classes, false);
    const struct ftmrt_arg args[] = {text(tree.root), text("test"), text(label)};
    return source_open(s, &(struct ftmrt_call){FTMRT_CALL_cifar100, args}, &want);
}

static void hundred_has_two_labels(void **state)
{
    (void)state;
    struct source s;
    char path[128];
    for (int i = 7; i < 9; i++) {
        tree_path(path, &tree, files[i]);
        unlink(path);
    }
    assert_true(open_hundred(&s, "fine", 100));
    assert_int_equal(source_class(&s, 1), 11);
    source_close(&s);
    assert_true(open_hundred(&s, "coarse", 20));
    assert_int_equal(source_class(&s, 1), 1);
    source_close(&s);
}

/* Another label than there are classes, files that end within a record or hold none, and one that is missing. */
static void damaged_files_are_refused(void **state)
{
    (void)state;
    const struct source_want want = want_of(10, false);
    struct source s;
    static const long sizes[] = {1, 3072, 3074, 2 * 3073 - 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_records(files[2], 1, 0, sizes[i]);
        assert_false(open_ten(&s, &want));
    }
    write_records(files[2], 2, 5, 0); /* as of CIFAR-100 */
    assert_false(open_ten(&s, &want));
    tree_write(&tree, files[2], "");
    assert_false(open_ten(&s, &want));
    char path[128];
    tree_path(path, &tree, files[2]);
    unlink(path);
    assert_false(open_ten(&s, &want));
    write_records(files[2], 1, 0, 0);
    assert_true(open_ten(&s, &want));
    write_records(files[2], 1, 0, 3073);
    struct buffer buffer = {0};
    union field_value v;
    assert_false(s.read(&s, 7, FIELD_INPUT, &buffer, &v)); /* it became shorter meanwhile */
    buffer_free(&buffer);
    source_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_those_of_torchvision),
        cmocka_unit_test(classes_go_by_names),
        cmocka_unit_test(hundred_has_two_labels),
        cmocka_unit_test(damaged_files_are_refused),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
