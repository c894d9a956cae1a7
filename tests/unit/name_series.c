/* link: ftmrt_listing */
/* Which names are a series of pictures: what a photographer would call a burst, and what not. */
#include "name_series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 64 };

/* Names to be looked at, and which of them are chosen. */
struct names {
    char text[MOST][64];
    const char *at[MOST];
    bool chosen[MOST];
    int64_t count;
};

static void add(struct names *n, const char *text)
{
    snprintf(n->text[n->count], sizeof n->text[0], "%s", text);
    n->at[n->count] = n->text[n->count];
    n->count++;
}

/* Names at seconds 0, gap, 2 gap, ... */
static void add_times(struct names *n, const char *folder, int count, int gap)
{
    for (int i = 0; i < count; i++) {
        char text[64];
        const int s = i * gap;
        snprintf(text, sizeof text, "%s/IMG_20240101_12%02d%02d.jpg", folder, s / 60 % 60, s % 60);
        add(n, text);
    }
}

static struct name_series find(const struct names *n, const bool *chosen)
{
    struct name_series s;
    assert_true(name_series_find(&s, n->at, n->count, chosen));
    return s;
}

static void a_burst_is_one_series(void **state)
{
    (void)state;
    struct names n = {0};
    add_times(&n, "a", 40, 1);
    add_times(&n, "b", 2, 1);
    const struct name_series s = find(&n, NULL);
    assert_int_equal(s.series, 1);
    assert_int_equal(s.names, 40);
    assert_ptr_equal(s.example, n.at[0]);
    assert_string_equal(s.group, "{}??.jpg");
}

/* Only what is on both sides counts, and how much of it. */
static void divided_series_count(void **state)
{
    (void)state;
    struct names n = {0};
    add_times(&n, "a", 10, 1);
    add_times(&n, "b", 10, 2);
    n.chosen[3] = n.chosen[5] = true;
    const struct name_series s = find(&n, n.chosen);
    assert_int_equal(s.series, 1);
    assert_int_equal(s.names, 10);
    assert_int_equal(s.chosen, 2);
    memset(n.chosen, 1, 10);
    assert_int_equal(find(&n, n.chosen).series, 0);
}

/* Numbers of a camera, times far apart, a day without a time, numbers that are no times. */
static void usual_names_are_none(void **state)
{
    (void)state;
    static const char *const formats[] = {
        "a/IMG_%04d.jpg",       "a/IMG-20240101-WA%04d.jpg", "a/n02085620_%d.JPEG",
        "a/2024010112%06d.jpg", "a/IMG_20240101_99%04d.jpg", "a/frame %d.png"};
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        struct names n = {0};
        for (int i = 0; i < 40; i++) {
            char text[64];
            snprintf(text, sizeof text, formats[f], i);
            add(&n, text);
        }
        assert_int_equal(find(&n, NULL).series, 0);
    }
    struct names n = {0};
    add_times(&n, "a", 40, 6);
    assert_int_equal(find(&n, NULL).series, 0);
}

/* Every usual way to write a time is known, and the pattern keeps each series together. */
static void patterns_keep_series_together(void **state)
{
    (void)state;
    static const struct {
        const char *names[4], *group;
    } rows[] = {
        {{"a/PXL_20240101_120005123.jpg", "a/PXL_20240101_120007001.jpg",
          "a/PXL_20240101_120011999.jpg"},
         "{}?????.jpg"},
        {{"a/2024-01-01 12.00.05.png", "a/2024-01-01 12.00.06.png", "a/2024-01-01 12.00.07.png"},
         "{}?.png"},
        {{"a/WhatsApp Image 2024-01-01 at 12.59.58.jpeg",
          "a/WhatsApp Image 2024-01-01 at 12.59.59.jpeg",
          "a/WhatsApp Image 2024-01-01 at 13.00.00.jpeg"},
         "{}???????.jpeg"},
        {{"a/x_20240101T120005.jpg", "a/x_20240101T120006.png", "a/x_20240101T120007.jpg"},
         "{}?.*"},
        {{"a/IMG_BURST20190101120000123_1.jpg", "a/IMG_BURST20190101120000323_2.jpg",
          "a/IMG_BURST20190101120000523_3.jpg"},
         "{}?????.jpg"},
        {{"a/20240101_120005.jpg", "a/20240101_120005_1.jpg", "a/20240101_120005_10.jpg"}, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct names n = {0};
        for (int k = 0; k < 3; k++)
            add(&n, rows[i].names[k]);
        const struct name_series s = find(&n, NULL);
        assert_int_equal(s.series, 1);
        assert_string_equal(s.group, rows[i].group);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_one_series),
        cmocka_unit_test(divided_series_count),
        cmocka_unit_test(usual_names_are_none),
        cmocka_unit_test(patterns_keep_series_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
