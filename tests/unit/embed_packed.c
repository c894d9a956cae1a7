/* link: ftmrt_embed ftmrt_files ftmrt */
/* Files of packed weights: what is written opens, and nothing else does. */
#include "packed.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

enum { BLOB = 192, ROOM = 1024 };

static const char names[] = "cat\0dog\0";
static const char with_source[] = "cat\0dog\0net.pth\0\0abc\0\tfc.bias\0";

static const struct ftmrt_tensor tensors[] = {
    {.name = "w", .dtype = FTMRT_F32, .rank = 1, .dim = {32}, .offset = 0, .bytes = 128}};

static unsigned char blob[BLOB];

static struct ftmrt_program program(void)
{
    return (struct ftmrt_program){
        .abi_version = FTMRT_ABI_VERSION,
        .identity = {.graph = 1, .weights = 2, .transform = 3, .classes = 4},
        .tensors = tensors,
        .tensor_count = 1,
        .blob = blob,
        .blob_size = BLOB};
}

static size_t write_texts(const struct ftmrt_program *p, const char *texts, size_t text_bytes,
                          unsigned char *file)
{
    for (int i = 0; i < BLOB; i++)
        blob[i] = (unsigned char)(7 * i);
    const struct packed_header h = packed_header_of(p, texts, text_bytes, 2);
    memset(file, 0, ROOM);
    memcpy(file, &h, sizeof h);
    memcpy(file + sizeof h, texts, text_bytes);
    memcpy(file + h.blob_at, blob, BLOB);
    return (size_t)(h.blob_at + h.blob_bytes);
}

/* Writes the file of a program and returns its size. */
static size_t write_file(const struct ftmrt_program *p, unsigned char *file)
{
    return write_texts(p, names, sizeof names - 1, file);
}

static void test_opens(void **state)
{
    (void)state;
    alignas(64) unsigned char file[ROOM];
    const struct ftmrt_program p = program();
    const size_t size = write_file(&p, file);
    struct packed_weights w;
    assert_int_equal(packed_open(&p, 2, file, size, &w), FTMRT_OK);
    assert_memory_equal(w.blob, blob, BLOB);
    assert_string_equal(w.names, "cat");
    assert_string_equal(w.names + strlen(w.names) + 1, "dog");
    assert_int_equal(w.weights, 2);
    assert_int_equal(w.classes, 4);
    assert_int_equal((uintptr_t)w.blob % PACKED_ALIGNMENT, 0);
}

/* No address goes into a file, and none is believed that comes out of one. */
static void test_training(void **state)
{
    (void)state;
    alignas(64) unsigned char file[ROOM];
    struct ftmrt_program p = program();
    const struct ftmrt_training training = {.seed = 5, .thresholds = "0.25, 0.5"};
    p.training = &training;
    const size_t size = write_file(&p, file);
    struct packed_weights w;
    assert_int_equal(packed_open(&p, 2, file, size, &w), FTMRT_OK);
    assert_int_equal(w.training->seed, 5);
    assert_null(w.training->thresholds);
    struct packed_header h;
    memcpy(&h, file, sizeof h);
    h.training.thresholds = "0.25";
    memcpy(file, &h, sizeof h);
    assert_int_equal(packed_open(&p, 2, file, size, &w), FTMRT_ERROR_FORMAT);
}

/* What is known of the weight file comes behind the names: all of it or nothing. */
static void test_source(void **state)
{
    (void)state;
    alignas(64) unsigned char file[ROOM];
    const struct ftmrt_program p = program();
    struct packed_weights w;
    size_t size = write_file(&p, file);
    assert_int_equal(packed_open(&p, 2, file, size, &w), FTMRT_OK);
    assert_null(w.source);
    size = write_texts(&p, with_source, sizeof with_source - 1, file);
    assert_int_equal(packed_open(&p, 2, file, size, &w), FTMRT_OK);
    assert_string_equal(w.names, "cat");
    assert_string_equal(w.source, "net.pth");
    assert_string_equal(packed_text(w.source, 2), "abc");
    assert_string_equal(packed_text(w.source, 3), "\tfc.bias");
    size = write_texts(&p, with_source, sizeof with_source - 1 - sizeof "\tfc.bias", file);
    assert_int_equal(packed_open(&p, 2, file, size, &w), FTMRT_ERROR_FORMAT);
    size = write_texts(&p, with_source, sizeof with_source - 2, file);
    assert_int_equal(packed_open(&p, 2, file, size, &w), FTMRT_ERROR_FORMAT);
}

/* Other weights and other names of the classes are what a file is exchanged for; anything else that differs is refused. */
static void test_interface(void **state)
{
    (void)state;
    alignas(64) unsigned char file[ROOM];
    const struct ftmrt_program p = program();
    const size_t size = write_file(&p, file);
    struct packed_weights w;
    struct ftmrt_program other = program();
    other.identity.weights = other.identity.classes = 9;
    assert_int_equal(packed_open(&other, 2, file, size, &w), FTMRT_OK);
    assert_int_equal(packed_open(&p, 3, file, size, &w), FTMRT_ERROR_MISMATCH);
    other = program();
    other.identity.graph++;
    assert_int_equal(packed_open(&other, 2, file, size, &w), FTMRT_ERROR_MISMATCH);
    other = program();
    other.identity.transform++;
    assert_int_equal(packed_open(&other, 2, file, size, &w), FTMRT_ERROR_MISMATCH);
    struct ftmrt_tensor moved = tensors[0];
    moved.offset = 64;
    other = program();
    other.tensors = &moved;
    assert_int_equal(packed_open(&other, 2, file, size, &w), FTMRT_ERROR_MISMATCH);
}

/* Every cut, and every changed byte but those of the two hashes that say whose weights they are and those that pad. */
static void test_damage(void **state)
{
    (void)state;
    alignas(64) unsigned char file[ROOM];
    const struct ftmrt_program p = program();
    const size_t size = write_file(&p, file);
    struct packed_weights w;
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(packed_open(&p, 2, file, cut, &w), FTMRT_ERROR_FORMAT);
    assert_int_equal(packed_open(&p, 2, file + 1, size - 1, &w), FTMRT_ERROR_ARGUMENT);
    const size_t names_end = sizeof(struct packed_header) + sizeof names - 1;
    for (size_t i = 0; i < size; i++) {
        const bool whose = i >= offsetof(struct packed_header, weights) &&
                           i < offsetof(struct packed_header, content);
        if (whose || (i >= names_end && i < size - BLOB))
            continue;
        file[i] ^= 0x40;
        assert_int_not_equal(packed_open(&p, 2, file, size, &w), FTMRT_OK);
        file[i] ^= 0x40;
    }
    assert_int_equal(packed_open(&p, 2, file, size, &w), FTMRT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens),  cmocka_unit_test(test_training),
        cmocka_unit_test(test_source), cmocka_unit_test(test_interface),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
