/* link: ftmrt_embed ftmrt_files */
/* Weights out of a context and back: files of the library are what others read, and a file that is not whole or not this network's
 * changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "embed_program.h"
#include "safetensors.h"

static _Alignas(64) unsigned char memory[1 << 16];
static ftmx_model model;
static ftmx_context *context;

static int open_context(void **state)
{
    (void)state;
    ftmx_options options = FTMX_OPTIONS;
    options.threads = 1;
    return ftmx_model_open(&model, FTMX_ABI_VERSION, NULL, 0) ||
           ftmx_init(&model, &options, memory, sizeof memory, &context);
}

/* A file in memory; `fails`: the number of the call that does. */
struct file {
    unsigned char bytes[2048];
    size_t size, at;
    int calls, fails;
};

static int write_bytes(void *user, const void *data, size_t bytes)
{
    struct file *f = user;
    if (++f->calls == f->fails || f->size + bytes > sizeof f->bytes)
        return 1;
    memcpy(f->bytes + f->size, data, bytes);
    f->size += bytes;
    return 0;
}

static int read_bytes(void *user, void *data, size_t bytes)
{
    struct file *f = user;
    if (++f->calls == f->fails || bytes > f->size - f->at)
        return 1;
    memcpy(data, f->bytes + f->at, bytes);
    f->at += bytes;
    return 0;
}

static struct file saved(void)
{
    struct file f = {.size = 0};
    assert_int_equal(ftmx_save(context, write_bytes, &f), FTMX_OK);
    return f;
}

static ftmx_status load(struct file *f)
{
    f->at = 0;
    f->calls = 0;
    return ftmx_load(context, read_bytes, f, f->size);
}

/* Another bias, so that loading is seen. */
static void set_bias(float value)
{
    const float bias[] = {value, value, value};
    assert_int_equal(ftmx_set_parameter(context, "fc.bias", bias, 3), FTMX_OK);
}

static float get_bias(void)
{
    float bias[3];
    assert_int_equal(ftmx_get_parameter(context, "fc.bias", bias, 3), FTMX_OK);
    return bias[1];
}

static void a_file_is_safetensors(void **state)
{
    (void)state;
    struct st_file st;
    char error[200];
    float bias[3], steps = 5;
    set_bias(0.25F);
    assert_int_equal(ftmx_set_parameter(context, "steps", &steps, 1), FTMX_OK);
    const struct file f = saved();
    assert_int_equal(st_read(&st, f.bytes, f.size, error, sizeof error), FTMRT_OK);
    assert_int_equal(st.tensor_count, 4); /* what is not frozen, without slots */
    assert_int_equal(st_find(&st, "steps")->dtype, FTMRT_I64);
    assert_int_equal(st_find(&st, "steps")->data[0], 5);
    assert_int_equal(st_find(&st, "fc.weight")->dim[1], EMBED_IN);
    memcpy(bias, st_find(&st, "fc.bias")->data, sizeof bias);
    assert_float_equal(bias[2], 0.25, 0);
    assert_string_equal(st_find_metadata(&st, "transform_hash"), "0000000000000003");
    assert_string_equal(st_find_metadata(&st, "program"), "net");
    assert_string_equal(st_find_metadata(&st, "source_sha256"), "aa11");
    assert_string_equal(st_find_metadata(&st, "classes"), "left\nright\n\303\251t\303\251");
    assert_string_equal(st_find_metadata(&st, "added"), "fc.weight\nfc.bias");
    assert_int_equal((f.size - 8 - 12 * 4 - 4 * 4) % 8, 0);
    st_free(&st);
}

static void it_is_loaded_again(void **state)
{
    (void)state;
    const int32_t label = 1;
    const float image[EMBED_IN] = {1, 2, 3, 4};
    set_bias(1);
    struct file f = saved();
    assert_int_equal(ftmx_train_step(context, image, &label, 1, NULL), FTMX_OK);
    set_bias(2);
    assert_int_equal(load(&f), FTMX_OK);
    const struct file again = saved();
    assert_memory_equal(f.bytes, again.bytes, f.size);
    /* The optimizer starts anew: from here a step is as from the file in a new context. */
    assert_int_equal(ftmx_train_step(context, image, &label, 1, NULL), FTMX_OK);
    const struct file trained = saved();
    open_context(state);
    assert_int_equal(load(&f), FTMX_OK);
    assert_int_equal(ftmx_train_step(context, image, &label, 1, NULL), FTMX_OK);
    const struct file anew = saved();
    assert_memory_equal(trained.bytes, anew.bytes, anew.size);
    assert_string_equal(ftmx_error(context), "");
}

static void what_is_cut_or_changed_changes_nothing(void **state)
{
    (void)state;
    set_bias(1);
    const struct file whole = saved();
    set_bias(2);
    const struct file before = saved();
    for (size_t size = 0; size < whole.size; size++) {
        struct file f = whole;
        f.size = size;
        assert_int_equal(load(&f), FTMX_ERROR_FORMAT);
    }
    struct file longer = whole;
    longer.size++;
    assert_int_equal(load(&longer), FTMX_ERROR_FORMAT);
    for (size_t i = 0; i < whole.size - 12 * 4 - 4 * 4 - 8; i++) { /* of the header, each byte */
        struct file f = whole;
        f.bytes[i] ^= 0x15;
        if (load(&f) == FTMX_OK) /* in the metadata, where it says nothing */
            set_bias(2);
    }
    const struct file after = saved();
    assert_memory_equal(before.bytes, after.bytes, before.size);
}

static void functions_that_fail(void **state)
{
    (void)state;
    set_bias(1);
    struct file f = saved();
    const int writes = f.calls;
    set_bias(2);
    for (int i = 1; i <= writes; i++) {
        struct file full = {.fails = i};
        assert_int_equal(ftmx_save(context, write_bytes, &full), FTMX_ERROR_IO);
    }
    assert_int_equal(ftmx_save(context, NULL, NULL), FTMX_ERROR_ARGUMENT);
    assert_int_equal(ftmx_load(context, NULL, NULL, 100), FTMX_ERROR_ARGUMENT);
    ftmx_status status = FTMX_ERROR_IO;
    for (f.fails = 1; (status = load(&f)) == FTMX_ERROR_IO; f.fails++)
        assert_float_equal(get_bias(), 2, 0);
    assert_int_equal(status, FTMX_OK);
    assert_true(f.fails > 4);
    assert_float_equal(get_bias(), 1, 0);
}

/* ---- headers by hand ---- */

/* That what is missing is as in the pretrained file. */
#define REL    "\"__metadata__\":{\"source_sha256\":\"aa11\"},"
#define WEIGHT "\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":[8,56]}"
#define BIAS   "\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[56,68]}"
#define STEPS  "\"steps\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}"
#define SCALE  "\"scale\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[68,72]}"

/* A file with this header and so many bytes of data, of which the last four are a float. */
static struct file with_header(const char *header, size_t bytes, float last)
{
    struct file f = {.size = 0};
    const size_t length = strlen(header);
    f.bytes[0] = (unsigned char)length;
    f.bytes[1] = (unsigned char)(length >> 8);
    memcpy(f.bytes + 8, header, length);
    f.size = 8 + length + bytes;
    if (bytes >= sizeof last)
        memcpy(f.bytes + f.size - sizeof last, &last, sizeof last);
    return f;
}

static void headers_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t bytes;
        float last;
        ftmx_status status;
        const char *says; /* in the sentence */
    } cases[] = {
        {"{" REL WEIGHT "," BIAS "," STEPS "}", 68, 3, FTMX_OK, ""},
        {" {" REL WEIGHT " ,\n" BIAS "," STEPS " }  ", 68, 3, FTMX_OK, ""},
        {"{" REL STEPS "," WEIGHT "," BIAS "," SCALE "}", 72, 2, FTMX_OK, ""},
        {"{" REL STEPS "," WEIGHT "," BIAS "," SCALE "}", 72, 1, FTMX_ERROR_MISMATCH,
         "frozen tensor 'scale' differs"},
        {"{" REL WEIGHT
         ",\"\\u0066c.bi\\u0061s\":{\"shape\":[3],\"data_offsets\":[56,68],\"dtype\":"
         "\"F32\"}," STEPS "}",
         68, 3, FTMX_OK, ""},
        {"{" REL WEIGHT "," STEPS "}", 56, 3, FTMX_ERROR_MISMATCH, "no 'fc.bias'"},
        {"{" REL WEIGHT "," BIAS "," STEPS ",\"x\":{}}", 68, 3, FTMX_ERROR_MISMATCH,
         "x is no tensor"},
        {"{" REL WEIGHT "," BIAS "," STEPS "}", 68, NAN, FTMX_ERROR_NOT_FINITE, "'fc.bias'"},
        {"{" REL WEIGHT "," BIAS "," STEPS "}", 69, 3, FTMX_ERROR_FORMAT, "behind the last tensor"},
        {"{" REL WEIGHT "," BIAS "," STEPS "}", 67, 3, FTMX_ERROR_FORMAT, "fc.bias"},
        {"{" REL WEIGHT "," BIAS "," BIAS "," STEPS "}", 68, 3, FTMX_ERROR_FORMAT, "fc.bias"},
        {"{" REL WEIGHT "," BIAS "," STEPS ",}", 68, 3, FTMX_ERROR_FORMAT, "no name"},
        {"{" REL WEIGHT " " BIAS "," STEPS "}", 68, 3, FTMX_ERROR_FORMAT, "does not end"},
        {"{" REL WEIGHT "," BIAS "," STEPS "} x", 68, 3, FTMX_ERROR_FORMAT, "behind the header"},
        {"{" REL WEIGHT "," BIAS "," STEPS, 68, 3, FTMX_ERROR_FORMAT, "does not end"},
        {"[]", 0, 0, FTMX_ERROR_FORMAT, "no object"},
        {"{}", 0, 0, FTMX_ERROR_MISMATCH, "no 'fc.weight'"},
        {"{\"fc.bias\":{\"dtype\":\"I32\",\"shape\":[3],\"data_offsets\":[0,12]}}", 12, 0,
         FTMX_ERROR_MISMATCH, "another shape or type"},
        {"{\"steps\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, 0,
         FTMX_ERROR_MISMATCH, "another shape or type"},
        {"{\"scale\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, 0,
         FTMX_ERROR_MISMATCH, "another shape or type"},
        {"{\"fc.bias\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[0,12]}}", 12, 0,
         FTMX_ERROR_FORMAT, "fc.bias"},
        {"{\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[0,12]}}", 12, 0,
         FTMX_ERROR_MISMATCH, "another shape"},
        {"{\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,16]}}", 16, 0,
         FTMX_ERROR_FORMAT, "fc.bias"},
        {"{\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[12,0]}}", 16, 0,
         FTMX_ERROR_FORMAT, "fc.bias"},
        {"{\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"dtype\":\"F32\"}}", 16, 0,
         FTMX_ERROR_FORMAT, "fc.bias"},
        {"{\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[03],\"data_offsets\":[0,12]}}", 12, 0,
         FTMX_ERROR_FORMAT, "fc.bias"},
        {"{\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[18446744073709551619],\"data_offsets\":[0,12]}"
         "}",
         12, 0, FTMX_ERROR_FORMAT, "fc.bias"},
        {"{\"fc.bias\\u0000\":{}}", 0, 0, FTMX_ERROR_FORMAT, "no name"},
        {"{\"\\ud800\\u0041\":{}}", 0, 0, FTMX_ERROR_FORMAT, "no name"},
        {"{\"\\q\":{}}", 0, 0, FTMX_ERROR_FORMAT, "no name"},
        {"{\"__metadata__\":{\"transform_hash\":\"0000000000000003\",\"source_sha256\":\"aa11\","
         "\"a\":\"\\ud83d\\ude00\"}"
         "," WEIGHT "," BIAS "," STEPS "}",
         68, 3, FTMX_OK, ""},
        {"{\"__metadata__\":{\"transform_hash\":\"0000000000000004\"}}", 0, 0, FTMX_ERROR_MISMATCH,
         "preparation of pictures"},
        {"{\"__metadata__\":{\"classes_hash\":\"5\"}}", 0, 0, FTMX_ERROR_MISMATCH,
         "list of classes"},
        {"{" STEPS "," WEIGHT "," BIAS "}", 68, 3, FTMX_ERROR_MISMATCH, "no 'shift'"},
        {"{\"__metadata__\":{\"source_sha256\":\"bb\"}}", 0, 0, FTMX_ERROR_MISMATCH, "ftmc merge"},
        {"{\"__metadata__\":{\"a\":1}}", 0, 0, FTMX_ERROR_FORMAT, "no text"},
        {"{\"__metadata__\":[]}", 0, 0, FTMX_ERROR_FORMAT, "no object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file f = with_header(cases[i].header, cases[i].bytes, cases[i].last);
        const float other = 7;
        set_bias(9);
        assert_int_equal(ftmx_set_parameter(context, "shift", &other, 1), FTMX_OK);
        const ftmx_status status = load(&f);
        if (status != cases[i].status || !strstr(ftmx_error(context), cases[i].says))
            fail_msg("%s: %d, %s", cases[i].header, (int)status, ftmx_error(context));
        float shift = 7;
        assert_int_equal(ftmx_get_parameter(context, "shift", &shift, 1), FTMX_OK);
        assert_float_equal(shift, status == FTMX_OK ? 0.5 : 7, 0); /* the pretrained file's */
        if (status != FTMX_OK)
            assert_float_equal(get_bias(), 9, 0);
    }
}

/* What was trained may be in the type that its source has. */
static void floats_of_other_types_are_taken(void **state)
{
    (void)state;
    static const uint16_t half[] = {0x3800, 0x3400, 0x3800}; /* 0.5, 0.25, 0.5 */
    double wide[] = {0.5, 0.125, 1e300};
    struct file f = with_header(
        "{" REL WEIGHT
        ",\"fc.bias\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[56,62]}," STEPS "}",
        62, 0);
    memcpy(f.bytes + f.size - sizeof half, half, sizeof half);
    assert_int_equal(load(&f), FTMX_OK);
    assert_float_equal(get_bias(), 0.25, 0);
    f = with_header("{" REL WEIGHT
                    ",\"fc.bias\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[56,80]}," STEPS
                    "}",
                    80, 0);
    memcpy(f.bytes + f.size - sizeof wide, wide, sizeof wide);
    assert_int_equal(load(&f), FTMX_ERROR_NOT_FINITE); /* as F32 */
    assert_float_equal(get_bias(), 0.25, 0);
    wide[2] = 1;
    memcpy(f.bytes + f.size - sizeof wide, wide, sizeof wide);
    assert_int_equal(load(&f), FTMX_OK);
    assert_float_equal(get_bias(), 0.125, 0);
    f.size -= 3;
    assert_int_equal(load(&f), FTMX_ERROR_FORMAT);
}

static void a_name_that_is_too_long(void **state)
{
    (void)state;
    char name[600], header[700];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    snprintf(header, sizeof header, "{\"%s\":{}}", name);
    struct file f = with_header(header, 0, 0);
    assert_int_equal(load(&f), FTMX_ERROR_MISMATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_safetensors),
        cmocka_unit_test(it_is_loaded_again),
        cmocka_unit_test(what_is_cut_or_changed_changes_nothing),
        cmocka_unit_test(functions_that_fail),
        cmocka_unit_test(headers_are_checked),
        cmocka_unit_test(floats_of_other_types_are_taken),
        cmocka_unit_test(a_name_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, open_context, NULL);
}
