/* link: ftm_lang ftm_graph ftm_ops ftm_base */
/* How to train where a recipe does not say: the tables of grammar/README.md are the rows; with an argument it prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice.h"
#include "document_tables.h"
#include "str.h"

/* ---- the tables as text ---- */

static void add_pictures(struct strbuf *out, const char *head,
                         const struct advice_pictures *(*row)(uint32_t i), const char *format)
{
    strbuf_addf(out, "\n%s\n|---|---|---|---|\n", head);
    for (uint32_t i = 0; row(i); i++) {
        const struct advice_pictures *r = row(i);
        if (r->side)
            strbuf_addf(out, "| up to %lld pixels |", (long long)r->side);
        else
            strbuf_add(out, "| any |");
        strbuf_addf(out, format, (long long)r->value);
        strbuf_addf(out, " %s | %s |\n", r->reason, r->measured);
    }
}

static const char *tables(struct arena *arena)
{
    static const char *const trains[] = {"a new head alone", "pretrained layers, too",
                                         "everything, from random weights"};
    struct strbuf out;
    strbuf_init(&out, arena);
    strbuf_add(&out,
               "\n| what trains | pictures of a class | optimizer | schedule | epochs | why | "
               "measured |\n|---|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; advice_row(i); i++) {
        const struct advice *a = advice_row(i);
        strbuf_addf(&out, "| %s | from %lld | `%s` | `%s` | %lld | %s | %s |\n", trains[a->trains],
                    (long long)a->least, a->optimizer, a->schedule, (long long)a->epochs, a->reason,
                    a->measured);
    }
    add_pictures(
        &out, "| shorter side of the pictures | pretrained layers stay frozen | why | measured |",
        advice_frozen_row, " up to %lld pictures of a class |");
    add_pictures(&out,
                 "| shorter side of the pictures | size of the network's images | why | measured |",
                 advice_size_row, " %lld |");
    strbuf_addc(&out, '\n');
    return out.text;
}

static const struct document_tables printed = {
    "../grammar/README.md", "<!-- how to train, as unit_front_advice --print gives it -->\n",
    "<!-- end of how to train -->\n", tables};

/* ---- tests ---- */

static void the_document_has_the_tables(void **state)
{
    (void)state;
    assert_document_has(&printed);
}

/* The last row counts whose number is reached; an unknown count is a usual one. */
static void rows_follow_the_count(void **state)
{
    (void)state;
    for (uint32_t i = 0; advice_row(i); i++) {
        const struct advice *a = advice_row(i), *next = advice_row(i + 1);
        assert_ptr_equal(advice_find(a->trains, a->least), a);
        if (next && next->trains == a->trains)
            assert_ptr_equal(advice_find(a->trains, next->least - 1), a);
    }
    assert_ptr_equal(advice_find(ADVICE_ALL, -1), advice_find(ADVICE_ALL, 100));
    assert_non_null(advice_find(ADVICE_RANDOM, 0));
    assert_true(advice_frozen_find(28)->value < advice_frozen_find(500)->value);
    assert_int_equal(advice_size_find(28)->value, 64);
    assert_null(advice_size_find(500));
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    const bool ok = f && fwrite(bytes, 1, size, f) == size;
    assert_true(f && fclose(f) == 0 && ok);
}

static void counts_stand_in_heads(void **state)
{
    (void)state;
    static const char npy[] =
        "\x93NUMPY\x01\x00\x3c\x00{'descr': '<i8', 'fortran_order': False, 'shape': (123,), }\n";
    static const char scalar[] =
        "\x93NUMPY\x01\x00\x38\x00{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n";
    char path[] = "/tmp/ftm-samples-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    write_file(path, "\0\0\x08\x01\0\0\x02\x01xx", 10);
    assert_int_equal(samples_in_file(path), 513);
    write_file(path, npy, sizeof npy - 1);
    assert_int_equal(samples_in_file(path), 123);
    write_file(path, scalar, sizeof scalar - 1);
    assert_int_equal(samples_in_file(path), -1);
    write_file(path, "\0\0\x08", 3);
    assert_int_equal(samples_in_file(path), -1);
    remove(path);
    assert_int_equal(samples_in_file(path), -1);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return print_document_tables(&printed);
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_document_has_the_tables),
                                       cmocka_unit_test(rows_follow_the_count),
                                       cmocka_unit_test(counts_stand_in_heads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
