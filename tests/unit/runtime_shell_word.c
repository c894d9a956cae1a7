/* link: ftmrt_files */
/* Words are written so that a shell reads them back. */
#include "shell_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void is_written(const char *word, const char *as)
{
    char out[64];
    assert_int_equal(shell_word(word, out, sizeof out), strlen(as));
    assert_string_equal(out, as);
}

static void plain_words_stay(void **state)
{
    (void)state;
    is_written("photos.ftm", "photos.ftm");
    is_written("./a-b/c_d,e:f@2x=1+1%", "./a-b/c_d,e:f@2x=1+1%");
}

static void others_are_quoted(void **state)
{
    (void)state;
    is_written("", "''");
    is_written("my photos, 2024.ftm", "'my photos, 2024.ftm'");
    is_written("it's", "'it'\\''s'");
    is_written("$HOME", "'$HOME'");
    is_written("~", "'~'");
    is_written("\xc3\xa9t\xc3\xa9", "'\xc3\xa9t\xc3\xa9'");
}

static void what_does_not_fit_is_cut(void **state)
{
    (void)state;
    char out[4] = "xyz";
    assert_int_equal(shell_word("a b c", NULL, 0), 7);
    assert_int_equal(shell_word("a b c", out, sizeof out), 7);
    assert_string_equal(out, "'a ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_words_stay),
        cmocka_unit_test(others_are_quoted),
        cmocka_unit_test(what_does_not_fit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
