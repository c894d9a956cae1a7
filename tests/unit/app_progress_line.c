/* link: ftmrt_app */
/* The line that says how far a training run is, for terminals of any width. */
#include "progress_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct progress_view view = {
    .epoch = 2, .epochs = 5, .done = 0.5, .loss = 0.43215, .rate = 812.4, .left = 83.9};

static void a_line_fits_its_terminal(void **state)
{
    (void)state;
    char text[256];
    const struct progress_view long_one = {
        .epoch = 999, .epochs = 1000, .done = 1, .loss = 123.4567, .rate = 123456, .left = 360000};
    for (int columns = 2; columns < 250; columns++) {
        progress_line_text(text, sizeof text, columns, &view);
        assert_true((int)strlen(text) < columns);
        progress_line_text(text, sizeof text, columns, &long_one);
        assert_true((int)strlen(text) < columns);
    }
}

static void a_narrow_line_says_all(void **state)
{
    (void)state;
    char text[256];
    progress_line_text(text, sizeof text, 40, &view);
    assert_string_equal(text, "2/5 [########-------] 0.4321 812/s 1:23");
}

static void a_wide_line_has_words(void **state)
{
    (void)state;
    char text[256];
    progress_line_text(text, sizeof text, 80, &view);
    assert_string_equal(
        text, "epoch 2/5 [###############--------------] loss 0.4321  812 samples/s  1:23 left");
}

static void hours_are_told(void **state)
{
    (void)state;
    char text[16];
    progress_time_text(text, sizeof text, 7384);
    assert_string_equal(text, "2:03:04");
    progress_time_text(text, sizeof text, 1e30);
    assert_string_equal(text, "27777:46:40");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_fits_its_terminal),
        cmocka_unit_test(a_narrow_line_says_all),
        cmocka_unit_test(a_wide_line_has_words),
        cmocka_unit_test(hours_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
