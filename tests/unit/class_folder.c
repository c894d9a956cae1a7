/* link: ftmrt_listing */
/* Listing of folders of classes: order, hidden entries, nested folders, what is missing. */
#include "class_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder_tree.h"

static const char *const folders[] = {"b", "a", "a/deep", ".hidden", "a/.git", NULL};
static const char *const files[] = {"a/2", "a/10", "a/deep/1", "a/.x", "a/.git/y", "top", NULL};
static struct folder_tree tree = {"/tmp/ftm-classes-XXXXXX", folders, files};

static void path_of(char out[128], const char *name) { tree_path(out, &tree, name); }

static int make_tree(void **state)
{
    (void)state;
    tree_make(&tree);
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    return tree_remove(&tree);
}

static void classes_are_the_folders_in_order(void **state)
{
    (void)state;
    struct name_list names;
    assert_int_equal(class_folder_names(&names, tree.root, NULL, 0), FTMRT_OK);
    assert_int_equal(names.count, 2);
    assert_string_equal(names.at[0], "a");
    assert_string_equal(names.at[1], "b");
    name_list_free(&names);
}

static void files_of_a_class_are_those_below_it(void **state)
{
    (void)state;
    static const char *const want[] = {"10", "2", "deep/1"};
    struct name_list found;
    char path[128];
    path_of(path, "a");
    assert_int_equal(class_folder_files(&found, path, NULL, 0), FTMRT_OK);
    assert_int_equal(found.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(found.at[i], want[i]);
    name_list_free(&found);
}

static void what_is_missing_is_said(void **state)
{
    (void)state;
    struct name_list names;
    char path[128], error[256];
    path_of(path, "b");
    assert_int_equal(class_folder_names(&names, path, error, sizeof error), FTMRT_ERROR_NOT_FOUND);
    assert_non_null(strstr(error, "/b: has no folders"));
    assert_null(names.at);
    path_of(path, "nowhere");
    assert_int_equal(class_folder_files(&names, path, error, sizeof error), FTMRT_ERROR_IO);
    assert_non_null(strstr(error, "/nowhere: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_the_folders_in_order),
        cmocka_unit_test(files_of_a_class_are_those_below_it),
        cmocka_unit_test(what_is_missing_is_said),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
