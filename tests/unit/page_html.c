/* link: ftmrt_page */
/* Texts from outside in a page, and the ticks of charts. */
#include "html.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chart.h"

/* What a text becomes; freed by the caller. */
static char *escaped(const char *text)
{
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);
    html(f, "<%s>", text);
    fclose(f);
    return out;
}

static void check_text(const char *text, const char *wanted)
{
    char *found = escaped(text);
    assert_string_equal(found, wanted);
    free(found);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    check_text("plain", "<plain>");
    check_text("<b a=\"x\" c='y'>&", "<&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;>");
    check_text("100 %s %n", "<100 %s %n>");
    check_text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa6", "<\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa6>");
    check_text("a\xff"
               "b",
               "<a\xef\xbf\xbd"
               "b>");
    check_text("\xc0\xbcscript", "<\xef\xbf\xbd\xef\xbf\xbdscript>"); /* an overlong '<' */
    check_text("cut \xe2\x82", "<cut \xef\xbf\xbd\xef\xbf\xbd>");
    check_text("\x01\x1b[0m\x7f\t\n", "<\xef\xbf\xbd\xef\xbf\xbd[0m\xef\xbf\xbd\t\n>");
}

static void values_are_written(void **state)
{
    (void)state;
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);
    html(f, "%d %lld %zu %.2f %.3g %% %s|", -3, 1LL << 40, (size_t)7, 1.005, 1234567.0, "<");
    fclose(f);
    assert_string_equal(out, "-3 1099511627776 7 1.00 1.23e+06 % &lt;|");
    free(out);
}

static void pictures_are_in_the_page(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0, 1, 2, 253, 254};
    static const char *const wanted[] = {"base64,\">",         "base64,AA==\">",
                                         "base64,AAE=\">",     "base64,AAEC\">",
                                         "base64,AAEC/Q==\">", "base64,AAEC/f4=\">"};
    for (size_t n = 0; n <= sizeof bytes; n++) {
        char *out = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&out, &size);
        html_png(f, bytes, n, 1, 1, "\"", false);
        fclose(f);
        assert_non_null(strstr(out, wanted[n]));
        assert_non_null(strstr(out, "alt=\"&quot;\""));
        free(out);
    }
}

/* A chart of some values as text; freed by the caller. */
static char *chart_of(const double *y, int64_t count)
{
    static const double x[] = {1, 2, 3, 4};
    struct chart c = {.title = "t", .x_name = "epoch", .low = 1, .high = 0};
    c.lines[c.line_count++] =
        (struct chart_line){.name = "<l>", .x = x, .y = y, .count = count, .dotted = true};
    char *out = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&out, &size);
    chart_write(f, &c);
    fclose(f);
    return out;
}

static void charts_take_any_values(void **state)
{
    (void)state;
    static const double values[][4] = {{1, 2, 3, 4},          {5, 5, 5, 5},
                                       {0, 0, 0, 0},          {NAN, 1, INFINITY, 2},
                                       {1e300, -1e300, 0, 1}, {1e-320, 0, 0, 0}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char *out = chart_of(values[i], 4);
        assert_non_null(strstr(out, "<svg"));
        assert_non_null(strstr(out, "&lt;l&gt;"));
        assert_null(strstr(out, "nan"));
        assert_null(strstr(out, "inf"));
        assert_true(strlen(out) < 20000);
        free(out);
    }
    static const double none[] = {NAN, -INFINITY};
    char *out = chart_of(none, 2);
    assert_string_equal(out, "");
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(values_are_written),
        cmocka_unit_test(pictures_are_in_the_page),
        cmocka_unit_test(charts_take_any_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
