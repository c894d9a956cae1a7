/* link: ftm_base */
/* What diagnostics look like, to the character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"

struct fixture {
    struct arena arena;
    struct diag diag;
    struct source source;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena, "test");
    diag_init(&f->diag, &f->arena);
    f->diag.color = "never";
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    arena_clear(&f->arena);
    free(f);
    return 0;
}

static struct span place(struct fixture *f, const char *text, uint32_t line, uint32_t column,
                         uint32_t length)
{
    f->source = (struct source){"digits.ftm", text, strlen(text)};
    return (struct span){&f->source, line, column, length};
}

static void assert_printed(struct fixture *f, const char *expected)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    diag_print(&f->diag, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void line_and_caret(void **state)
{
    struct fixture *f = *state;
    diag_report(&f->diag,
                place(f, "fine tune {\n    replace fcc with linear(classes)\n}\n", 2, 13, 3),
                DIAG_SYNTAX, "no layer is called 'fcc'");
    diag_note(&f->diag, "did you mean '%s'?", "fc");
    assert_printed(f, "digits.ftm:2:13: error[E0101]: no layer is called 'fcc'\n"
                      "  2 |     replace fcc with linear(classes)\n"
                      "    |             ^~~\n"
                      "  note: did you mean 'fc'?\n"
                      "1 error\n");
}

static void tabs_and_other_letters(void **state)
{
    struct fixture *f = *state;
    diag_report(&f->diag, place(f, "\t\xC3\xA9 x\x01\r\n", 1, 5, 2), DIAG_SYNTAX, "here");
    assert_printed(f, "digits.ftm:1:5: error[E0101]: here\n"
                      "  1 | \t\xC3\xA9 x?\n"
                      "    | \t  ^~\n"
                      "1 error\n");
}

static void places_at_the_end(void **state)
{
    struct fixture *f = *state;
    diag_report(&f->diag, place(f, "model", 1, 6, 1), DIAG_SYNTAX, "end");
    diag_report(&f->diag, place(f, "model", 1, 900, 5), DIAG_SYNTAX, "beyond the line");
    diag_report(&f->diag, place(f, "model", 7, 1, 1), DIAG_SYNTAX, "beyond the text");
    assert_printed(f, "digits.ftm:1:6: error[E0101]: end\n"
                      "  1 | model\n"
                      "    |      ^\n"
                      "digits.ftm:1:900: error[E0101]: beyond the line\n"
                      "  1 | model\n"
                      "    |      ^\n"
                      "digits.ftm:7:1: error[E0101]: beyond the text\n"
                      "3 errors\n");
}

static void long_lines_are_cut(void **state)
{
    struct fixture *f = *state;
    char line[1001], expected[1000];
    memset(line, 'a', 1000);
    line[1000] = '\0';
    line[499] = 'X';
    diag_report(&f->diag, place(f, line, 1, 500, 1), DIAG_SYNTAX, "far");
    snprintf(expected, sizeof expected,
             "digits.ftm:1:500: error[E0101]: far\n"
             "  1 | ...%.80sX%.79s...\n"
             "    |    %80s^\n"
             "1 error\n",
             line, line, "");
    assert_printed(f, expected);
}

static void source_order(void **state)
{
    struct fixture *f = *state;
    struct source other = {"b.ftm", "z\n", 2};
    place(f, "a\nb c\n", 1, 1, 1);
    diag_report(&f->diag, (struct span){&f->source, 2, 3, 1}, DIAG_SYNTAX, "third");
    diag_report(&f->diag, (struct span){&other, 1, 1, 1}, DIAG_SYNTAX, "other file");
    diag_report(&f->diag, (struct span){&f->source, 2, 1, 1}, DIAG_SYNTAX, "second");
    diag_report(&f->diag, (struct span){&f->source, 1, 1, 1}, DIAG_SYNTAX, "first");
    assert_printed(f, "digits.ftm:1:1: error[E0101]: first\n  1 | a\n    | ^\n"
                      "digits.ftm:2:1: error[E0101]: second\n  2 | b c\n    | ^\n"
                      "digits.ftm:2:3: error[E0101]: third\n  2 | b c\n    |   ^\n"
                      "b.ftm:1:1: error[E0101]: other file\n  1 | z\n    | ^\n"
                      "4 errors\n");
}

static void without_a_place(void **state)
{
    struct fixture *f = *state;
    diag_system(&f->diag, "missing.pth", ENOENT);
    diag_report(&f->diag, (struct span){.source = &f->source}, DIAG_SYNTAX, "whole file");
    f->source = (struct source){"digits.ftm", "", 0};
    assert_printed(f, "ftmc: error[E0001]: missing.pth: No such file or directory\n"
                      "digits.ftm: error[E0101]: whole file\n"
                      "2 errors\n");
}

static void only_twenty_are_kept(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 25; i++) {
        diag_report(&f->diag, SPAN_NONE, DIAG_SYNTAX, i < 20 ? "kept" : "dropped");
        diag_note(&f->diag, "note %d", i);
    }
    assert_int_equal(f->diag.errors, 25);
    assert_int_equal(f->diag.items.len, 20);
    assert_int_equal(f->diag.items.at[19].notes.len, 1);
}

static void colors(void **state)
{
    struct fixture *f = *state;
    f->diag.color = "always";
    diag_report(&f->diag, place(f, "x", 1, 1, 1), DIAG_SYNTAX, "red");
    assert_printed(f, "\033[1mdigits.ftm:1:1: \033[0m\033[1;31merror[E0101]:\033[0m red\n"
                      "  1 | x\n"
                      "    | \033[1;31m^\033[0m\n"
                      "1 error\n");
}

static void bugs_exit_with_70(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        FTM_BUG("impossible: %d", 3);
    }
    int status = 0;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 70);
}

/* Codes are unique: a code is what a user searches for. */
static void codes_are_unique(void **state)
{
    (void)state;
    static const char *const codes[] = {
#define DIAG(id, code, severity, format) code,
#include "diag.def"
#undef DIAG
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(codes[i] + 1, codes[k] + 1) == 0)
                fail_msg("%s is used twice", codes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(line_and_caret, setup, teardown),
        cmocka_unit_test_setup_teardown(tabs_and_other_letters, setup, teardown),
        cmocka_unit_test_setup_teardown(places_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(long_lines_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(source_order, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_place, setup, teardown),
        cmocka_unit_test_setup_teardown(only_twenty_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(colors, setup, teardown),
        cmocka_unit_test(bugs_exit_with_70),
        cmocka_unit_test(codes_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
