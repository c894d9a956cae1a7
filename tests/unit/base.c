/* link: ftm_base */
/* Arenas, maps, vectors, strings and files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "file.h"
#include "map.h"
#include "str.h"
#include "vec.h"

static void arena_blocks(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test");
    char *last = NULL;
    for (size_t size = 0; size < 3000; size += 7) {
        char *block = arena_alloc(&a, size);
        assert_int_equal((uintptr_t)block % 16, 0);
        assert_ptr_not_equal(block, last);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(block[i], 0);
        memset(block, 0xAA, size);
        last = block;
    }
    char *huge = arena_alloc(&a, (size_t)1 << 25);
    huge[((size_t)1 << 25) - 1] = 1;
    assert_true(a.used >= (size_t)1 << 25);
    assert_true(a.reserved >= a.used);
    arena_clear(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_alloc(&a, 1));
    arena_clear(&a);
}

static void arena_growth(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test");
    char *block = arena_grow(&a, NULL, 0, 10);
    memcpy(block, "0123456789", 10); /* NOLINT(bugprone-not-null-terminated-result) */
    char *same = arena_grow(&a, block, 10, 100);
#ifndef __SANITIZE_ADDRESS__
    assert_ptr_equal(same, block); /* the last block grows in place */
#endif
    arena_alloc(&a, 1);
    char *moved = arena_grow(&a, same, 100, 1000);
    assert_ptr_not_equal(moved, same);
    assert_memory_equal(moved, "0123456789", 10);
    for (size_t i = 10; i < 1000; i++)
        assert_int_equal(moved[i], 0);
    char *far = arena_grow(&a, moved, 1000, (size_t)1 << 23);
    assert_memory_equal(far, "0123456789", 10);
    arena_clear(&a);
}

static void arena_strings(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test");
    assert_string_equal(arena_strdup(&a, "layer4"), "layer4");
    assert_string_equal(arena_strndup(&a, "layer4", 5), "layer");
    assert_string_equal(arena_printf(&a, "%s.%d", "layer", 4), "layer.4");
    assert_string_equal(arena_printf(&a, "%s", ""), "");
    arena_clear(&a);
}

static void vector_grows(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test");
    VEC(int) v = {0};
    for (int i = 0; i < 1000; i++)
        vec_push(&a, &v, i);
    int *zero = vec_add(&a, &v);
    assert_int_equal(*zero, 0);
    assert_int_equal(v.len, 1001);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(v.at[i], i);
    arena_clear(&a);
}

static void map_keeps_order(void **state)
{
    (void)state;
    struct arena a;
    struct map m;
    int values[500];
    char key[32];
    arena_init(&a, "test");
    map_init(&m, &a);
    assert_null(map_get(&m, "missing"));
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "key.%d", (i * 7919) % 500);
        map_set(&m, key, &values[i]);
    }
    map_set(&m, "key.0", &values[3]);
    map_set(&m, "null", NULL);
    assert_int_equal(m.len, 501);
    for (uint32_t i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "key.%u", (i * 7919) % 500);
        assert_string_equal(m.entries[i].key, key);
        assert_ptr_equal(map_get(&m, key), i == 0 ? &values[3] : &values[i]);
    }
    assert_true(map_has(&m, "null"));
    assert_null(map_get(&m, "null"));
    assert_false(map_has(&m, "key.500"));
    arena_clear(&a);
}

static void strings_are_built(void **state)
{
    (void)state;
    struct arena a;
    struct strbuf b;
    arena_init(&a, "test");
    strbuf_init(&b, &a);
    for (int i = 0; i < 100; i++)
        strbuf_add(&b, "ab");
    strbuf_addc(&b, '!');
    strbuf_addf(&b, "%d%s", 42, "x");
    strbuf_addn(&b, "yzzz", 1);
    assert_int_equal(b.len, 205);
    assert_string_equal(b.text + 198, "ab!42xy");
    assert_true(str_ends_with("fc.weight", ".weight"));
    assert_false(str_ends_with("weight", ".weight"));
    arena_clear(&a);
}

static const char *double_text(struct arena *a, double v)
{
    struct strbuf b;
    strbuf_init(&b, a);
    strbuf_add_double(&b, v);
    return b.text;
}

static void doubles_read_back(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test");
    assert_string_equal(double_text(&a, 0.1), "0.1");
    assert_string_equal(double_text(&a, 1e-05), "1e-05");
    assert_string_equal(double_text(&a, 3), "3");
    assert_string_equal(double_text(&a, 1280), "1280");
    assert_string_equal(double_text(&a, -0.0), "-0");
    assert_string_equal(double_text(&a, 0), "0");
    assert_string_equal(double_text(&a, 127.5), "127.5");
    assert_string_equal(double_text(&a, 1e300), "1e+300");
    assert_string_equal(double_text(&a, 1.0 / 3), "0.3333333333333333");
    assert_string_equal(double_text(&a, INFINITY), "inf");
    assert_string_equal(double_text(&a, -INFINITY), "-inf");
    assert_string_equal(double_text(&a, NAN), "nan");
    uint64_t bits = 88172645463325252U;
    for (int i = 0; i < 20000; i++) { /* xorshift: doubles of every exponent */
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double v;
        memcpy(&v, &bits, sizeof v);
        if (isfinite(v))
            assert_true(strtod(double_text(&a, v), NULL) == v);
    }
    arena_clear(&a);
}

static void paths_match(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool matches;
    } cases[] = {
        {"fc", "fc", true},
        {"fc", "fcc", false},
        {"", "", true},
        {"", "a", false},
        {"*", "fc", true},
        {"*", "fc.weight", false},
        {"**", "fc.weight", true},
        {"**", "", true},
        {"layer*.0", "layer4.0", true},
        {"layer*.0", "layer4.1.0", false},
        {"layer*.**", "layer4.1.conv1", true},
        {"layer*.**", "layer4", false},
        {"**.bn*", "layer4.1.bn2", true},
        {"**.bn*", "layer4.1.bn2.weight", false},
        {"**.bn*.weight", "bn.x.bn1.weight", true},
        {"features.*.conv.*", "features.3.conv.0", true},
        {"features.*.conv.*", "features.3.conv.0.1", false},
        {"**a*b**c", "x.ab.y.c", true},
        {"**a*b**c", "x.a.b.y.c", false},
        {"*a*b", "aab", true},
        {"a**", "a", true},
        {"features.[0-5]", "features.3", true},
        {"features.[0-5]", "features.6", false},
        {"features.[0-5]", "features.13", false},
        {"features.[!0-5]", "features.6", true},
        {"features.[!0-5]", "features.0", false},
        {"a[!b]c", "a.c", false},
        {"*[13]", "layer.13", false},
        {"**[13]", "layer.13", true},
        {"*[13].w", "layer3.w", true},
        {"layer[1-24]", "layer4", true},
        {"layer[1-24-5]", "layer3", false},
        {"x[]-]", "x]", true},
        {"x[]-]", "x-", true},
        {"x[", "x[", true},
        {"x[a", "x[a", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (str_path_match(cases[i].pattern, cases[i].path) != cases[i].matches)
            fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].path);
    char path[2001], pattern[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
    memset(path, 'a', 2000);
    path[2000] = '\0';
    assert_false(str_path_match(pattern, path)); /* in time that is not exponential */
}

static void pattern_defects(void **state)
{
    (void)state;
    static const char *const good[] = {"**.bias", "features.[0-5].*", "[!0-35-9]", "x[]-]",
                                       "[a-z0-9]"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_null(str_pattern_defect(good[i]));
    assert_non_null(strstr(str_pattern_defect("features.[0-5"), "no ']'"));
    assert_non_null(strstr(str_pattern_defect("features.[]"), "no ']'"));
    assert_non_null(strstr(str_pattern_defect("a.[5-0]"), "backwards"));
    assert_non_null(strstr(str_pattern_defect("features.[0-12]"), "two digits"));
    assert_non_null(strstr(str_pattern_defect("[a].[10-12]"), "two digits"));
}

static void nearest_names(void **state)
{
    (void)state;
    static const char *const names[] = {"conv2d", "linear", "relu", "relu6", "fc"};
    assert_string_equal(str_nearest("conv2", names, 5), "conv2d");
    assert_string_equal(str_nearest("liner", names, 5), "linear");
    assert_string_equal(str_nearest("fcc", names, 5), "fc");
    assert_string_equal(str_nearest("relu", names, 5), "relu");
    assert_null(str_nearest("transformer", names, 5));
    assert_null(str_nearest("x", names, 0));
    char longest[1000];
    memset(longest, 'a', sizeof longest - 1);
    longest[999] = '\0';
    assert_null(str_nearest(longest, names, 5));
}

static void control_characters_are_escaped(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test");
    static const char *const plain = "caf\u00e9";
    assert_ptr_equal(str_printable(&a, plain), plain);
    assert_string_equal(str_printable(&a, "a\nb\t\033[2J\177"), "a\\nb\\t\\x1b[2J\\x7f");
    arena_clear(&a);
}

/* ---- files ---- */

static int make_folder(void **state)
{
    char *folder = strdup("/tmp/ftm_base_XXXXXX");
    *state = folder;
    return folder && mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    int bad = rmdir(*state);
    free(*state);
    return bad;
}

static void unreadable_files(void **state)
{
    struct file_map m;
    assert_false(file_map_open(&m, *state));
    assert_int_equal(errno, EISDIR);
    assert_false(file_map_open(&m, "/nonexistent/file"));
    assert_int_equal(errno, ENOENT);
    file_map_close(&m); /* of what is not open: nothing */
}

static void paths_are_joined(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, "test");
    assert_string_equal(file_dir(&a, "a/b/c.ftm"), "a/b/");
    assert_string_equal(file_dir(&a, "c.ftm"), "./");
    assert_string_equal(file_join(&a, "a/b/", "c"), "a/b/c");
    assert_string_equal(file_join(&a, "a", "c"), "a/c");
    assert_string_equal(file_join(&a, "a", "/c"), "/c");
    assert_string_equal(file_join(&a, "./", "../c"), "../c");
    assert_string_equal(file_base("a/b/c.ftm"), "c.ftm");
    assert_string_equal(file_base("c.ftm"), "c.ftm");
    assert_string_equal(file_relative(&a, "/a/b", "/a/b"), ".");
    assert_string_equal(file_relative(&a, "/a/b", "/a/b/c/d"), "c/d");
    assert_string_equal(file_relative(&a, "/a/b/c", "/a"), "../..");
    assert_string_equal(file_relative(&a, "/a/bc", "/a/b"), "../b");
    assert_string_equal(file_relative(&a, "/a/b", "/a/bc"), "../bc");
    assert_string_equal(file_relative(&a, "/", "/a"), "a");
    assert_string_equal(file_relative(&a, "/a/b", "/"), "../..");
    char *exe = file_exe_dir(&a);
    assert_non_null(exe);
    assert_true(str_ends_with(exe, "/"));
    char *up = file_install_dir(&a);
    assert_non_null(up);
    assert_int_equal(strncmp(exe, up, strlen(up)), 0);
    assert_true(strlen(up) + 1 < strlen(exe));
    arena_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_blocks),
        cmocka_unit_test(arena_growth),
        cmocka_unit_test(arena_strings),
        cmocka_unit_test(vector_grows),
        cmocka_unit_test(map_keeps_order),
        cmocka_unit_test(strings_are_built),
        cmocka_unit_test(doubles_read_back),
        cmocka_unit_test(paths_match),
        cmocka_unit_test(pattern_defects),
        cmocka_unit_test(nearest_names),
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test_setup_teardown(unreadable_files, make_folder, remove_folder),
        cmocka_unit_test(paths_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
