/* link: ftmrt_app z */
/* IDX and .npy: what is read, and that every damaged file is refused without a crash. */
#include "array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static char path[64];

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "/tmp/ftm_array_%ld", (long)getpid());
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void write_file(const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (!f) {
        fail_msg("%s cannot be written", path);
        return;
    }
    assert_int_equal(fwrite(data, 1, size, f), size);
    fclose(f);
}

static const unsigned char idx[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};

/* What NumPy reads, too: an order of one-byte elements, and sizes as Python 2 wrote them; and a version that it does not. */
static void npy_as_numpy(void **state)
{
    (void)state;
    static const char *const types[] = {"<u1", ">u1", "|u1", "<b1"};
    for (int version = 1; version <= 9; version += 8)
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            unsigned char file[128] = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version,
                                       0,    112};
            struct array a;
            char text[112];
            snprintf(text, sizeof text,
                     "{'descr': '%s', 'fortran_order': False, 'shape': (2L, 3L), }", types[i]);
            snprintf((char *)file + 10, 113, "%-111s\n", text);
            file[122] = 7;
            write_file(file, sizeof file);
            assert_int_equal(array_read_npy(&a, path), version == 1);
            if (version > 1)
                continue;
            assert_int_equal(a.rank, 2);
            assert_int_equal(a.dim[1], 3);
            assert_int_equal(array_integer(&a, 0), 7);
            array_free(&a);
        }
}

/* An .npy file of one element. */
static void write_one(const char *type, const unsigned char *bytes, size_t size)
{
    unsigned char file[10 + 112 + 8] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 112};
    char text[112];
    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }", type);
    snprintf((char *)file + 10, 113, "%-111s\n", text);
    memcpy(file + 122, bytes, size);
    write_file(file, 122 + size);
}

static void integers_of_all_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *type, *name;
        unsigned char bytes[8];
        size_t size;
        int64_t value;
    } rows[] = {
        {"|i1", "int8", {0xfd}, 1, -3},
        {"<i2", "int16", {0xfe, 0xff}, 2, -2},
        {"<u2", "uint16", {0xfe, 0xff}, 2, 65534},
        {"<i4", "int32", {0xfe, 0xff, 0xff, 0xff}, 4, -2},
        {"<u4", "uint32", {0, 0, 0, 0x80}, 4, INT64_C(2147483648)},
        {"<i8", "int64", {1, 2}, 8, 513},
        {"<u8", "uint64", {1, 2}, 8, 513},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct array a;
        write_one(rows[i].type, rows[i].bytes, rows[i].size);
        assert_true(array_read_npy(&a, path));
        assert_string_equal(a.type, rows[i].name);
        assert_int_equal(array_integer(&a, 0), rows[i].value);
        array_free(&a);
        write_one(rows[i].type, rows[i].bytes, rows[i].size - 1);
        assert_false(array_read_npy(&a, path));
    }
    static const char *const others[] = {"<f2", ">i2", ">f4", "<c8", "<U3", "<M8"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct array a;
        write_one(others[i], rows[0].bytes, 8);
        assert_false(array_read_npy(&a, path));
    }
}

static void idx_plain_and_gzipped(void **state)
{
    (void)state;
    for (int zipped = 0; zipped < 2; zipped++) {
        struct array a;
        write_file(idx, sizeof(idx));
        if (zipped) {
            gzFile f = gzopen(path, "wb");
            gzwrite(f, idx, sizeof(idx));
            gzclose(f);
        }
        assert_true(array_read_idx(&a, path));
        assert_int_equal(a.rank, 2);
        assert_int_equal(a.dim[0], 2);
        assert_int_equal(a.dim[1], 3);
        assert_memory_equal(a.data, idx + 12, 6);
        array_free(&a);
    }
}

static void npy_round_trip(void **state)
{
    (void)state;
    const float data[6] = {1, -2, 3.5F, 0, 1e-30F, 7};
    const int64_t dim[2] = {2, 3};
    struct array a;
    assert_true(array_write_npy(path, data, 2, dim));
    assert_true(array_read_npy(&a, path));
    assert_int_equal(a.dtype, FTMRT_F32);
    assert_int_equal(a.dim[1], 3);
    assert_memory_equal(a.data, data, sizeof(data));
    array_free(&a);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(idx); n++) {
        struct array a;
        write_file(idx, n);
        assert_false(array_read_idx(&a, path));
        assert_null(a.data);
        assert_false(array_read_npy(&a, path));
    }
}

static void lying_sizes_are_refused(void **state)
{
    (void)state;
    for (int byte = 4; byte < 12; byte++) {
        unsigned char bad[sizeof(idx)];
        struct array a;
        memcpy(bad, idx, sizeof(idx));
        bad[byte] = 0xff;
        write_file(bad, sizeof(bad));
        assert_false(array_read_idx(&a, path));
    }
}

static void hostile_npy_headers_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (",
        "{'descr': '<f4'}",
        "",
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
        unsigned char file[256] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
        struct array a;
        size_t n = strlen(headers[i]);
        file[8] = (unsigned char)n;
        memcpy(file + 10, headers[i], n);
        write_file(file, 10 + n + 4);
        assert_false(array_read_npy(&a, path));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_as_numpy),
        cmocka_unit_test(integers_of_all_sizes),
        cmocka_unit_test(idx_plain_and_gzipped),
        cmocka_unit_test(npy_round_trip),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(lying_sizes_are_refused),
        cmocka_unit_test(hostile_npy_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
