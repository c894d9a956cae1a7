/* link: ftmrt_app */
/* Features on disk: what was put is found again; what is cut off, damaged, another's or in use is not believed, and a full disk is borne. */
#include "feature_store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { VALUES = 10, SAMPLES = 2000, HEADER = 40, STRIDE = 16 + VALUES * (int)sizeof(float) };

static char folder[] = "/tmp/features-XXXXXX";
static const uint64_t key = 0x1234;

static uint64_t content(int i) { return (uint64_t)i * 0x9E3779B97F4A7C15U; }

static void fill(int i, float *values)
{
    for (int k = 0; k < VALUES; k++)
        values[k] = (float)(i * 31 + k);
}

static struct feature_store *open_store(void)
{
    return feature_store_open(folder, key, VALUES * sizeof(float));
}

static void put(struct feature_store *s, int from, int to)
{
    float values[VALUES];
    for (int i = from; i < to; i++) {
        fill(i, values);
        assert_true(feature_store_put(s, content(i), values) >= 0);
    }
}

/* Whether sample i is there, and what it is. */
static bool has(const struct feature_store *s, int i)
{
    float want[VALUES], found[VALUES];
    const int64_t place = feature_store_find(s, content(i));
    if (place < 0)
        return false;
    fill(i, want);
    assert_true(feature_store_get(s, place, content(i), found));
    assert_memory_equal(want, found, sizeof want);
    return true;
}

static void change(const char *path, long at, int byte)
{
    const unsigned char value = (unsigned char)byte;
    const int fd = open(path, O_WRONLY);
    assert_true(fd >= 0 && pwrite(fd, &value, 1, at) == 1);
    assert_int_equal(close(fd), 0);
}

/* A store with `count` samples, closed; its path, to be freed. */
static char *store_with(int count)
{
    struct feature_store *s = open_store();
    assert_non_null(s);
    char *path = strdup(feature_store_path(s));
    feature_store_close(s);
    assert_int_equal(unlink(path), 0);
    s = open_store();
    put(s, 0, count);
    feature_store_close(s);
    return path;
}

static void what_was_put_is_found(void **state)
{
    (void)state;
    char *path = store_with(SAMPLES);
    struct feature_store *s = open_store();
    assert_int_equal(feature_store_count(s), SAMPLES);
    for (int i = 0; i < SAMPLES; i++)
        assert_true(has(s, i));
    assert_false(has(s, SAMPLES));
    put(s, 0, 10); /* again: nothing is written */
    put(s, SAMPLES, SAMPLES + 5);
    feature_store_close(s);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, HEADER + (SAMPLES + 5) * STRIDE);
    int64_t files;
    assert_int_equal(feature_stores_bytes(folder, &files), info.st_size);
    assert_int_equal(files, 1);
    free(path);
}

static void what_is_cut_or_damaged_is_made_again(void **state)
{
    (void)state;
    char *path = store_with(20);
    assert_int_equal(truncate(path, HEADER + 15 * STRIDE + 7), 0);
    change(path, HEADER + 3 * STRIDE + 20, 77);  /* values */
    change(path, HEADER + 5 * STRIDE, 1);        /* content */
    change(path, HEADER + 14 * STRIDE + 9, 250); /* checksum */
    struct feature_store *s = open_store();
    assert_int_equal(feature_store_count(s), 12);
    for (int i = 0; i < 20; i++)
        assert_int_equal(has(s, i), i < 15 && i != 3 && i != 5 && i != 14);
    put(s, 0, 20);
    feature_store_close(s);
    s = open_store();
    assert_int_equal(feature_store_count(s), 20);
    feature_store_close(s);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, HEADER + 20 * STRIDE); /* in their places */
    free(path);
}

/* Every header that is not the wanted one makes another file; so does an empty one. */
static void another_file_is_not_believed(void **state)
{
    (void)state;
    for (int at = 0; at < HEADER; at++) {
        char *path = store_with(3);
        change(path, at, 0x5A);
        struct feature_store *s = open_store();
        assert_non_null(s);
        assert_int_equal(feature_store_count(s), 0);
        put(s, 0, 3);
        feature_store_close(s);
        free(path);
    }
    char *path = store_with(3);
    assert_int_equal(truncate(path, 0), 0);
    struct feature_store *s = open_store();
    assert_int_equal(feature_store_count(s), 0);
    feature_store_close(s);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0); /* nor is a folder */
    assert_null(open_store());
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_null(open_store());
    assert_int_equal(unlink(path), 0);
    assert_null(feature_store_open("/dev/null/cache", key, 8));
    free(path);
}

static void one_writes_the_others_read(void **state)
{
    (void)state;
    free(store_with(5));
    float values[VALUES] = {0};
    struct feature_store *first = open_store(), *second = open_store();
    assert_true(feature_store_writes(first));
    assert_false(feature_store_writes(second));
    assert_true(has(second, 4));
    assert_int_equal(feature_store_put(second, content(6), values), -1);
    put(first, 5, 8);
    assert_false(has(second, 6)); /* it was not there when the second began */
    feature_store_close(first);
    feature_store_close(second);
    second = open_store();
    assert_true(feature_store_writes(second) && has(second, 6));
    feature_store_close(second);
}

static void a_full_disk_is_borne(void **state)
{
    (void)state;
    free(store_with(5));
    struct rlimit old, limit;
    getrlimit(RLIMIT_FSIZE, &old);
    limit = (struct rlimit){HEADER + 6 * STRIDE + 10, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    struct feature_store *s = open_store();
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    float values[VALUES] = {0};
    put(s, 5, 6);
    assert_int_equal(feature_store_put(s, content(6), values), -1);
    assert_false(feature_store_writes(s));
    assert_int_equal(feature_store_put(s, content(7), values), -1);
    assert_true(has(s, 5) && !has(s, 6));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    feature_store_close(s);
    s = open_store();
    assert_int_equal(feature_store_count(s), 6);
    assert_false(feature_store_has_room(s, INT64_MAX / 4096));
    assert_true(feature_store_has_room(s, 1));
    feature_store_close(s);
}

static void what_changes_meanwhile_is_noticed(void **state)
{
    (void)state;
    char *path = store_with(5);
    struct feature_store *s = open_store();
    float values[VALUES];
    change(path, HEADER + 2 * STRIDE + 30, 99);
    assert_false(feature_store_get(s, 2, content(2), values));
    assert_true(feature_store_get(s, 1, content(1), values));
    assert_int_equal(truncate(path, HEADER), 0);
    assert_false(feature_store_get(s, 1, content(1), values));
    feature_store_close(s);
    free(path);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    char *path = store_with(0);
    unlink(path);
    free(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found),
        cmocka_unit_test(what_is_cut_or_damaged_is_made_again),
        cmocka_unit_test(another_file_is_not_believed),
        cmocka_unit_test(one_writes_the_others_read),
        cmocka_unit_test(a_full_disk_is_borne),
        cmocka_unit_test(what_changes_meanwhile_is_noticed),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
