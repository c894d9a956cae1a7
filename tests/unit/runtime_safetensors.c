/* link: ftmrt_files ftmrt */
/* safetensors: what is written is read back; every rule of the format is enforced; files are
 * replaced atomically. */
#include "safetensors.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "replace.h"
#include "sha256.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/ftm_test_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static const char *in_folder(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(in_folder("a.safetensors"));
    return rmdir(folder); /* fails if a temporary file was left */
}

static unsigned char *load(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        exit(1);
    }
    unsigned char *data = malloc(4096);
    *size = fread(data, 1, 4096, in);
    fclose(in);
    return data;
}

static void test_round_trip(void **state)
{
    (void)state;
    static const float f[] = {1, 2, 3};
    static const int64_t n = 42;
    struct st_tensor tensors[] = {
        {.name = "w",
         .dtype = FTMRT_F32,
         .rank = 2,
         .dim = {1, 3},
         .data = (const void *)f,
         .bytes = 12},
        {.name = "h",
         .dtype = FTMRT_F16,
         .rank = 1,
         .dim = {1},
         .data = (const void *)f,
         .bytes = 2},
        {.name = "\xc3\xa9.n", .dtype = FTMRT_I64, .data = (const void *)&n, .bytes = 8},
        {.name = "none",
         .dtype = FTMRT_F32,
         .rank = 1,
         .dim = {0},
         .data = (const void *)f,
         .bytes = 0}};
    struct st_metadata metadata[] = {{"classes", "[\"a\", \"b\"]"}, {"x", ""}};
    const struct st_file out = {
        .tensors = tensors, .tensor_count = 4, .metadata = metadata, .metadata_count = 2};
    char error[200] = "";
    for (int i = 0; i < 2; i++) /* the second time the file is there already */
        assert_int_equal(st_write(&out, in_folder("a.safetensors"), error, sizeof error), FTMRT_OK);
    struct st_file in;
    size_t size;
    unsigned char *data = load(in_folder("a.safetensors"), &size);
    assert_int_equal(st_read(&in, data, size, error, sizeof error), FTMRT_OK);
    assert_int_equal(in.tensor_count, 4);
    const struct st_tensor *t = st_find(&in, "w");
    assert_true(t && t->dtype == FTMRT_F32 && t->rank == 2 && t->dim[1] == 3);
    assert_memory_equal(t->data, f, 12);
    t = st_find(&in, "\xc3\xa9.n");
    assert_memory_equal(t->data, &n, 8);
    assert_int_equal((size_t)(t->data - data) % 8, 0);
    assert_int_equal((size_t)(st_find(&in, "w")->data - data) % 4, 0);
    assert_string_equal(st_find_metadata(&in, "classes"), "[\"a\", \"b\"]");
    assert_null(st_find_metadata(&in, "y"));
    assert_null(st_find(&in, "v"));
    for (size_t cut = 0; cut < size; cut++) { /* exact blocks, for the address sanitizer */
        unsigned char *part = malloc(cut ? cut : 1);
        memcpy(part, data, cut);
        struct st_file again;
        assert_int_equal(st_read(&again, part, cut, error, sizeof error), FTMRT_ERROR_FORMAT);
        free(part);
    }
    st_free(&in);
    free(data);
}

static void test_bad_output(void **state)
{
    (void)state;
    static const float f[] = {1, 2};
    struct st_tensor t[] = {
        {.name = "w", .rank = 1, .dim = {2}, .data = (const void *)f, .bytes = 4},
        {.name = "w", .rank = 1, .dim = {2}, .data = (const void *)f, .bytes = 8}};
    struct st_file out = {.tensors = t, .tensor_count = 2};
    char error[200] = "";
    const char *path = in_folder("a.safetensors");
    assert_int_equal(st_write(&out, path, error, sizeof error), FTMRT_ERROR_ARGUMENT);
    assert_string_equal(error, "w: its size is not that of its shape and type");
    t[0].bytes = 8;
    assert_int_equal(st_write(&out, path, error, sizeof error), FTMRT_ERROR_ARGUMENT);
    assert_string_equal(error, "w: a name or value that is not UTF-8 or occurs twice");
    t[0].name = "\xff";
    assert_int_equal(st_write(&out, path, error, sizeof error), FTMRT_ERROR_ARGUMENT);
    t[0].name = "v";
    assert_int_equal(st_write(&out, "/nonexistent/a.safetensors", error, sizeof error),
                     FTMRT_ERROR_IO);
    assert_string_equal(error, "/nonexistent/a.safetensors: No such file or directory");
    assert_int_equal(st_write(&out, folder, error, sizeof error),
                     FTMRT_ERROR_IO); /* a folder is in the way */
}

static void test_replace(void **state)
{
    (void)state;
    const char *path = in_folder("a.safetensors");
    struct replace_file f;
    assert_int_equal(replace_open(&f, path, NULL, 0), FTMRT_OK);
    assert_int_equal(replace_write(&f, "old", 3, NULL, 0), FTMRT_OK);
    assert_int_equal(replace_commit(&f, NULL, 0), FTMRT_OK);
    replace_abort(&f);
    assert_int_equal(replace_open(&f, path, NULL, 0), FTMRT_OK);
    assert_int_equal(replace_write(&f, "newer", 5, NULL, 0), FTMRT_OK);
    size_t size;
    unsigned char *data = load(path, &size);
    assert_int_equal(size, 3); /* not yet */
    free(data);
    replace_abort(&f);
    data = load(path, &size);
    assert_memory_equal(data, "old", 3);
    free(data);
}

/* ---- rules of the format ---- */

/* Reads a file made of a header text and `bytes` zero bytes; the error must contain `text`. */
static void refused(const char *header, size_t bytes, const char *text)
{
    const size_t length = strlen(header), size = 8 + length + bytes;
    unsigned char *data = calloc(1, size);
    data[0] = (unsigned char)length;
    data[1] = (unsigned char)(length >> 8);
    for (size_t i = 0; i < length; i++)
        data[8 + i] = (unsigned char)header[i];
    struct st_file f;
    char error[400] = "";
    assert_int_equal(st_read(&f, data, size, error, sizeof error), FTMRT_ERROR_FORMAT);
    if (!strstr(error, text))
        fail_msg("'%s' does not contain '%s'", error, text);
    assert_int_equal(f.tensor_count, 0);
    free(data);
}

#define W(fields) "{\"w\":{" fields "}}"

static void test_header_rules(void **state)
{
    (void)state;
    refused("[]", 0, "does not begin with '{'");
    refused("{\"a\":1}", 0, "not an object of dtype, shape and data_offsets");
    refused("{\"a\"", 0, "header, byte");
    refused("{} x", 0, "end of file expected");
    refused("{\"a\":{},\"a\":{}}", 0, "duplicate object key");
    refused("{\"__metadata__\":[]}", 0, "__metadata__ is not an object");
    refused("{\"__metadata__\":{\"k\":1}}", 0, "the value of 'k' is not a string");
    refused(W("\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"more\":1"), 4,
            "not an object of");
    refused(W("\"dtype\":1,\"shape\":[],\"data_offsets\":[0,4]"), 4, "dtype is not a string");
    refused(W("\"dtype\":\"F31\",\"shape\":[],\"data_offsets\":[0,4]"), 4, "unknown dtype 'F31'");
    refused(W("\"dtype\":\"F32\",\"shape\":4,\"data_offsets\":[0,4]"), 4, "shape is not an array");
    refused(W("\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]"), 4,
            "shape[0] is not a natural number");
    refused(W("\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]"), 4,
            "shape[0] is not a natural number");
}

static void test_range_rules(void **state)
{
    (void)state;
    refused(W("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]"), 4, "not a pair of integers");
    refused(W("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,5]"), 4,
            "cut short, copy it again: tensor");
    refused(W("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]"), 4,
            "outside the 4 bytes of data");
    refused(W("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]"), 4,
            "outside the 4 bytes of data");
    refused(W("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]"), 4,
            "takes 8 bytes but data_offsets span 4");
    refused(W("\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]"), 4,
            "data_offsets span 4");
    refused(W("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,0],\"data_offsets\":[0,0]"), 0,
            "data_offsets span 0");
    refused(W("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"), 5,
            "1 bytes after the last tensor");
    refused(W("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]"), 8, "follows a hole");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
            "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
            3, "overlaps another tensor's");
}

static void test_length_rules(void **state)
{
    (void)state;
    struct st_file f;
    char error[200] = "";
    unsigned char data[16] = {0};
    assert_int_equal(st_read(&f, data, 7, error, sizeof error), FTMRT_ERROR_FORMAT);
    assert_string_equal(error, "7 bytes are too short for a safetensors file");
    data[0] = 9;
    assert_int_equal(st_read(&f, data, 16, error, sizeof error), FTMRT_ERROR_FORMAT);
    assert_string_equal(error, "the header length 9 is more than the file's 16 bytes");
    data[7] = 1;
    assert_int_equal(st_read(&f, data, 16, error, sizeof error), FTMRT_ERROR_FORMAT);
    assert_non_null(strstr(error, "over the limit of 100 MB"));
    assert_int_equal(st_read(&f, data, 16, NULL, 0), FTMRT_ERROR_FORMAT);
}

static void test_deep_nesting(void **state)
{
    (void)state;
    char header[8192] = "{\"a\":";
    memset(header + 5, '[', 8000);
    refused(header, 0, "maximum parsing depth");
}

/* Examples of FIPS 180-4 and their neighbours at the ends of blocks, as sha256sum gives them. */
static void test_sha256(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hash;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char hash[SHA256_TEXT];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sha256_text(rows[i].text, strlen(rows[i].text), hash);
        assert_string_equal(hash, rows[i].hash);
    }
    static const unsigned char zeros[64];
    sha256_text(zeros, sizeof zeros, hash);
    assert_string_equal(hash, "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),       cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_bad_output),   cmocka_unit_test(test_replace),
        cmocka_unit_test(test_header_rules), cmocka_unit_test(test_range_rules),
        cmocka_unit_test(test_length_rules), cmocka_unit_test(test_deep_nesting),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
