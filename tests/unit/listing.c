/* link: ftmrt_listing */
/* Listings of pictures: folders with hidden entries and loops of links, tables, lists; names of classes, patterns, groups, parts. */
#include "listing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder_parts.h"
#include "folder_tree.h"
#include "name_pattern.h"

static const char *const folders[] = {"b", "a", "a/deep", ".hidden", "a/.git", "a b", NULL};
static const char *const files[] = {"a/2.png", "a/10.png",  "a/deep/1.png", "a/.x", "a/.git/y",
                                    "top",     "a b/1.png", "b/z.txt",      NULL};
static struct folder_tree tree = {"/tmp/ftm-listing-XXXXXX", folders, files};

static void path_of(char out[128], const char *name) { tree_path(out, &tree, name); }

static void write_file(const char *name, const char *text) { tree_write(&tree, name, text); }

static int make_tree(void **state)
{
    (void)state;
    char path[128];
    tree_make(&tree);
    path_of(path, "a/deep/up"); /* to a folder above it */
    assert_int_equal(symlink("..", path), 0);
    path_of(path, "a/out"); /* above the class: the other classes' pictures are none of its own */
    assert_int_equal(symlink("../", path), 0);
    path_of(path, "all");
    assert_int_equal(symlink(".", path), 0);
    path_of(path, "a/deep/gone");
    assert_int_equal(symlink("nowhere", path), 0);
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    static const char *const more[] = {"a/deep/up", "a/out", "all", "a/deep/gone", "table"};
    char path[128];
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        path_of(path, more[i]);
        unlink(path);
    }
    return tree_remove(&tree);
}

/* ---- listing ---- */

static char told[4096]; /* all that is wrong */

static void tell(void *context, const char *text)
{
    (void)context;
    const size_t used = strlen(told);
    snprintf(told + used, sizeof told - used, "%s\n", text);
}

static bool is_picture(void *context, const char *path)
{
    (void)context;
    return !strstr(path, ".txt");
}

static struct listing_want want_of(const char *place)
{
    told[0] = '\0';
    return (struct listing_want){.place = place, .wanted = is_picture, .error = tell};
}

static const struct ftmrt_call *folder_call(const char *include, const char *exclude)
{
    static const char *texts[2];
    static struct ftmrt_arg args[3];
    static struct ftmrt_call call = {FTMRT_CALL_folder, args};
    texts[0] = include;
    texts[1] = exclude;
    args[0] = (struct ftmrt_arg){.kind = FTMRT_ARG_TEXT, .text = tree.root};
    for (int i = 0; i < 2; i++)
        args[i + 1] = texts[i] ? (struct ftmrt_arg){FTMRT_ARG_TEXTS, 1, {.texts = &texts[i]}}
                               : (struct ftmrt_arg){.kind = FTMRT_ARG_NONE};
    return &call;
}

/* "class path", for each picture, from the root. */
static void check_listing(const struct listing *l, const char *const *want, int64_t count)
{
    assert_int_equal(l->count, count);
    for (int64_t i = 0; i < count; i++) {
        char found[256];
        snprintf(found, sizeof found, "%s %s", l->classes[l->at[i].class],
                 l->at[i].path + strlen(tree.root) + 1);
        assert_string_equal(found, want[i]);
    }
}

static void folders_are_classes_in_order(void **state)
{
    (void)state;
    static const char *const want[] = {"a a/10.png", "a a/2.png", "a a/deep/1.png",
                                       "a b a b/1.png"};
    const struct listing_want w = want_of(tree.root);
    struct listing l;
    assert_true(listing_open(&l, folder_call(NULL, NULL), &w));
    check_listing(&l, want, 4);
    assert_int_equal(l.class_count, 3);
    assert_string_equal(l.classes[2], "b");
    listing_close(&l);
}

static void patterns_choose_files(void **state)
{
    (void)state;
    static const char *const want[] = {"a a/2.png", "a b a b/1.png"};
    const struct listing_want w = want_of(tree.root);
    struct listing l;
    assert_true(listing_open(&l, folder_call("[0-9].png", "deep/*"), &w));
    check_listing(&l, want, 2);
    listing_close(&l);
}

static void classes_are_renamed_and_skipped(void **state)
{
    (void)state;
    static const char *const renames[] = {"a b", "c", "a", "c"}, *const skips[] = {"b*"};
    static const char *const want[] = {"c a/10.png", "c a/2.png", "c a/deep/1.png", "c a b/1.png"};
    struct listing_want w = want_of(tree.root);
    struct listing l;
    w.renames = renames;
    w.rename_count = 4;
    w.skips = skips;
    w.skip_count = 1;
    assert_true(listing_open(&l, folder_call(NULL, NULL), &w));
    check_listing(&l, want, 4);
    assert_int_equal(l.class_count, 1);
    listing_close(&l);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    char path[128];
    struct listing l;
    path_of(path, "b");
    struct listing_want w = want_of(path);
    assert_false(listing_open(&l, folder_call(NULL, NULL), &w));
    assert_non_null(strstr(told, "/b: has no folders"));
    path_of(path, "nowhere");
    w = want_of(path);
    assert_false(listing_open(&l, folder_call(NULL, NULL), &w));
    assert_non_null(strstr(told, "/nowhere: No such file"));
}

/* ---- tables ---- */

static bool open_table(struct listing *l, struct listing_want *w, const struct ftmrt_call *call,
                       const char *text)
{
    static char path[128];
    path_of(path, "table");
    write_file("table", text);
    *w = want_of(path);
    return listing_open(l, call, w);
}

static const struct ftmrt_arg csv_args[] = {
    {.kind = FTMRT_ARG_TEXT, .text = "table"},
    {.kind = FTMRT_ARG_TEXT, .text = "path"},
    {.kind = FTMRT_ARG_TEXT, .text = "label"},
    {.kind = FTMRT_ARG_TEXT, .text = "who"},
    {.kind = FTMRT_ARG_INTEGER, .integer = FTMRT_LABEL_INDEX}};
static const struct ftmrt_call csv = {FTMRT_CALL_csv, csv_args}, list = {FTMRT_CALL_list, csv_args};

static void tables_are_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\xef\xbb\xbflabel,who,path\r\n10,p,\"x, \"\"y\"\".png\"\r\n\r\n9,q,z.png\r\n10,p,w.png",
        "label;who;path\n10;p;\"x, \"\"y\"\".png\"\n9;q;z.png\n10;p;w.png\n",
        "label\twho\tpath\n10\tp\tx, \"y\".png\n9\tq\tz.png\n10\tp\tw.png\n",
        "label,who,path\r10,p,\"x, \"\"y\"\".png\"\r\r9,q,z.png\r10,p,w.png\r"};
    static const char *const want[] = {"10 x, \"y\".png", "9 z.png", "10 w.png"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct listing_want w;
        struct listing l;
        assert_true(open_table(&l, &w, &csv, texts[i]));
        check_listing(&l, want, 3);
        assert_string_equal(l.classes[0], "9"); /* numbers are in their order */
        assert_true(l.at[0].group && l.at[0].group == l.at[2].group);
        assert_true(l.at[1].group && l.at[0].group != l.at[1].group);
        listing_close(&l);
    }
}

static void lists_are_read(void **state)
{
    (void)state;
    static const char *const want[] = {"cat a b.png", "dog \"c.png"};
    struct listing_want w;
    struct listing l;
    assert_true(open_table(&l, &w, &list, "a b.png\t cat \r\n\n\"c.png dog"));
    check_listing(&l, want, 2);
    listing_close(&l);
}

static void mistakes_have_their_lines(void **state)
{
    (void)state;
    static const struct {
        const struct ftmrt_call *call;
        const char *text, *want;
    } cases[] = {
        {&csv, "", "table:1: the table is empty"},
        {&csv, "file,label,who\n", "table:1: has no column 'path'; there are: file, label, who"},
        {&csv, "path,label,who\na,b\nc,,d\n,e,f\n",
         "table:2: has 2 of the 3 fields that are wanted\n"},
        {&csv, "path,label,who\na,b\nc,,d\n,e,f\n", "table:3: the label is empty\n"},
        {&csv, "path,label,who\n\"a\n\",b,c\nc,\"d\n", "table:4: a quoted field does not end"},
        {&list, "a.png cat\nb.png\n", "table:2: 'b.png': expected the name of a file, a blank"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct listing_want w;
        struct listing l;
        assert_false(open_table(&l, &w, cases[i].call, cases[i].text));
        assert_non_null(strstr(told, cases[i].want));
    }
}

static const char *const two_columns[] = {"b", "a"};
static const struct ftmrt_arg vector_args[] = {
    {.kind = FTMRT_ARG_TEXT, .text = "table"},
    {.kind = FTMRT_ARG_TEXT, .text = "path"},
    {.kind = FTMRT_ARG_TEXT, .text = "label"},
    {.kind = FTMRT_ARG_NONE},
    {.kind = FTMRT_ARG_INTEGER, .integer = FTMRT_LABEL_VECTOR}};
static const struct ftmrt_arg number_args[] = {
    {.kind = FTMRT_ARG_TEXT, .text = "table"},
    {.kind = FTMRT_ARG_TEXT, .text = "path"},
    {.kind = FTMRT_ARG_TEXTS, .count = 2, .texts = two_columns},
    {.kind = FTMRT_ARG_NONE},
    {.kind = FTMRT_ARG_INTEGER, .integer = FTMRT_LABEL_VECTOR}};

/* The row of a picture as a number for each of three classes, of which labels has those of the listing. */
static void check_row(const struct listing *l, int64_t i, const int32_t *labels, double a, double b,
                      double c)
{
    double found[3];
    listing_rows_vector(&l->rows, l->at[i].row, labels, 3, found);
    assert_true(found[0] == a && found[1] == b && found[2] == c);
}

static void cells_have_several_classes(void **state)
{
    (void)state;
    static const struct ftmrt_call tags = {FTMRT_CALL_csv, vector_args};
    static const int32_t labels[] = {2, 0, 1};
    struct listing_want w;
    struct listing l;
    assert_true(
        open_table(&l, &w, &tags, "label;path\r\n\"b; a\";x\r\n;y\r\n\"a;;c;a\";z\r\n\"a;b\";w"));
    assert_int_equal(l.form, LISTING_TAGS);
    assert_int_equal(l.class_count, 3);
    assert_string_equal(l.classes[0], "a");
    check_row(&l, 0, labels, 1, 0, 1);
    check_row(&l, 1, labels, 0, 0, 0);
    check_row(&l, 2, labels, 0, 1, 1);
    assert_true(listing_rows_equal(&l.rows, 0, 3));
    assert_false(listing_rows_equal(&l.rows, 0, 1) || listing_rows_equal(&l.rows, 0, 2));
    listing_close(&l);
}

static void columns_have_numbers(void **state)
{
    (void)state;
    static const struct ftmrt_call numbers = {FTMRT_CALL_csv, number_args};
    static const int32_t labels[] = {0, 2};
    struct listing_want w;
    struct listing l;
    assert_true(open_table(&l, &w, &numbers, "a,b,path\n-1.5e3, 2 ,x\n0,1e-9,y\n0,1e-9,z\n"));
    assert_string_equal(l.classes[0], "b"); /* in the order of the list */
    check_row(&l, 0, labels, 2, 0, -1500);
    check_row(&l, 1, labels, 1e-9, 0, 0);
    assert_true(listing_rows_equal(&l.rows, 1, 2));
    assert_false(listing_rows_equal(&l.rows, 0, 1));
    listing_close(&l);
    assert_false(open_table(&l, &w, &numbers, "a,b,path\n1,2,x\n1,2x,y\n"));
    assert_non_null(strstr(told, "table:3: 'b' is '2x', expected a finite number"));
}

static void many_mistakes_are_counted(void **state)
{
    (void)state;
    char text[400] = "";
    for (int i = 0; i < 50; i++)
        strncat(text, "x.png\n", sizeof text - strlen(text) - 1);
    struct listing_want w;
    struct listing l;
    assert_false(open_table(&l, &w, &list, text));
    assert_non_null(strstr(told, "table:10: "));
    assert_null(strstr(told, "table:11: "));
    assert_non_null(strstr(told, "... and 40 more like these"));
}

/* ---- names ---- */

static void check_group(const char *pattern, const char *path, const char *want)
{
    const char *group = "";
    size_t length = 0;
    assert_int_equal(name_group(pattern, path, &group, &length), want != NULL);
    if (want) {
        assert_int_equal(length, strlen(want));
        assert_memory_equal(group, want, length);
    }
}

static void groups_are_parts_of_names(void **state)
{
    (void)state;
    check_group("{}_*", "cats/p7_03_x.png", "p7");
    check_group("{}_*.png", "p_7_03.png", "p");
    check_group("*_{}.*", "a_b.c.png", "b");
    check_group("{}/*", "scene 1/a.png", "scene 1");
    check_group("{}_*", "_7.png", NULL);
    check_group("{}_*", "p7.png", NULL);
    check_group("?{}", "ab", "b");
    assert_true(name_has_group("a{}b"));
    assert_false(name_has_group("a*"));
    assert_false(name_has_group("{}{}"));
}

static void parts_are_folders_of_their_names(void **state)
{
    (void)state;
    struct folder_parts parts;
    char path[128], name[16];
    assert_false(folder_parts_find(&parts, tree.root));
    static const char *const made[] = {"b/train", "b/valid"};
    for (int i = 0; i < 2; i++) {
        path_of(path, made[i]);
        assert_int_equal(mkdir(path, 0777), 0);
    }
    path_of(path, "b");
    assert_true(folder_parts_find(&parts, path));
    assert_string_equal(parts.names[PART_VALIDATION], "valid");
    assert_string_equal(parts.names[PART_TEST], "");
    assert_true(folder_part_find(path, PART_VALIDATION, name));
    assert_string_equal(name, "valid");
    assert_false(folder_part_find(path, PART_TEST, name));
    for (int i = 0; i < 2; i++) {
        path_of(path, made[i]);
        assert_int_equal(rmdir(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_classes_in_order),
        cmocka_unit_test(patterns_choose_files),
        cmocka_unit_test(classes_are_renamed_and_skipped),
        cmocka_unit_test(what_is_missing_is_said),
        cmocka_unit_test(tables_are_read),
        cmocka_unit_test(lists_are_read),
        cmocka_unit_test(mistakes_have_their_lines),
        cmocka_unit_test(cells_have_several_classes),
        cmocka_unit_test(columns_have_numbers),
        cmocka_unit_test(many_mistakes_are_counted),
        cmocka_unit_test(groups_are_parts_of_names),
        cmocka_unit_test(parts_are_folders_of_their_names),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
