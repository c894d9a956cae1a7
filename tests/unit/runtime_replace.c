/* link: ftm_base ftmrt_files */
/* Files are replaced as a whole, or stay as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "replace.h"

static int make_folder(void **state)
{
    char *folder = strdup("/tmp/ftm_base_XXXXXX");
    *state = folder;
    return folder && mkdtemp(folder) ? 0 : -1;
}

static int entries_of(const char *folder)
{
    DIR *d = opendir(folder);
    if (!d)
        return -1;
    int count = 0;
    while (readdir(d))
        count++;
    closedir(d);
    return count - 2; /* . and .. */
}

static int remove_folder(void **state)
{
    int bad = rmdir(*state);
    free(*state);
    return bad;
}

static enum ftmrt_status whole(const char *path, const void *data, size_t size)
{
    char error[256] = "";
    enum ftmrt_status status = replace_whole(path, data, size, error, sizeof error);
    assert_int_equal(status == FTMRT_OK, *error == '\0');
    return status;
}

static void files_are_replaced(void **state)
{
    struct arena a;
    struct file_map m;
    arena_init(&a, "test");
    char *path = file_join(&a, *state, "out");
    assert_int_equal(FTMRT_OK, whole(path, "first", 5));
    assert_int_equal(FTMRT_OK, whole(path, "second", 6));
    assert_true(file_map_open(&m, path));
    assert_int_equal(m.size, 6);
    assert_memory_equal(m.data, "second", 6);
    file_map_close(&m);
    assert_int_equal(FTMRT_OK, whole(path, "", 0));
    assert_true(file_map_open(&m, path));
    assert_int_equal(m.size, 0);
    assert_non_null(m.data);
    file_map_close(&m);
    assert_int_equal(entries_of(*state), 1);
    assert_true(file_exists(path));
    unlink(path);
    assert_false(file_exists(path));
    arena_clear(&a);
}

/* The target is a folder with an entry, so that the last step, the rename, fails. */
static void failure_leaves_nothing(void **state)
{
    struct arena a;
    arena_init(&a, "test");
    char *path = file_join(&a, *state, "out"), *inner = file_join(&a, path, "inner");
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(mkdir(inner, 0777), 0);
    errno = 0;
    assert_int_not_equal(FTMRT_OK, whole(path, "text", 4));
    assert_int_not_equal(errno, 0);
    assert_int_equal(entries_of(*state), 1);
    assert_int_not_equal(FTMRT_OK, whole(file_join(&a, *state, "no/such/folder"), "text", 4));
    assert_int_equal(errno, ENOENT);
    rmdir(inner);
    rmdir(path);
    arena_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_replaced, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(failure_leaves_nothing, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
