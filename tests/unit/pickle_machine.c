/* link: ftm_bind ftm_lang ftm_weights ftm_graph ftm_ops ftm_base ftmrt_files ftmrt */
/* The pickle machine, opcode by opcode, and what it refuses. */
#include "pickle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int clear(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static bool read(const char *data, size_t size, struct pickle *out)
{
    return pickle_read(&arena, (const unsigned char *)data, size, out);
}

#define READ(literal, out) read((literal), sizeof(literal) - 1, (out))

/* The value of a pickle that must be readable. */
static const struct pickle_value *value(const char *data, size_t size)
{
    struct pickle p;
    const bool ok = read(data, size, &p);
    if (!ok)
        fail_msg("byte %zu: %s", p.error_at, p.error);
    assert_int_equal(p.used, size);
    return p.root;
}

#define VALUE(literal) value((literal), sizeof(literal) - 1)

static void check_error(const char *data, size_t size, const char *text)
{
    struct pickle p;
    assert_false(read(data, size, &p));
    assert_string_equal(p.error, text);
}

#define ERROR(literal, text) check_error((literal), sizeof(literal) - 1, (text))

static void test_numbers(void **unused)
{
    (void)unused;
    assert_int_equal(VALUE("N.")->kind, PICKLE_NONE);
    assert_int_equal(VALUE("\x88.")->integer, 1);
    assert_int_equal(VALUE("\x89.")->integer, 0);
    assert_int_equal(VALUE("K\xff.")->integer, 255);
    assert_int_equal(VALUE("M\xff\x01.")->integer, 511);
    assert_int_equal(VALUE("J\xfe\xff\xff\xff.")->integer, -2);
    assert_int_equal(VALUE("\x8a\x00.")->integer, 0);
    assert_int_equal(VALUE("\x8a\x01\xff.")->integer, -1);
    assert_int_equal(VALUE("\x8a\x02\xff\x00.")->integer, 255);
    assert_int_equal(VALUE("\x8b\x01\x00\x00\x00\x05.")->integer, 5);
    assert_true(VALUE("G\xc0\x04\x00\x00\x00\x00\x00\x00.")->real == -2.5);
    const struct pickle_value *big = VALUE("\x8a\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09.");
    assert_int_equal(big->kind, PICKLE_LONG);
    assert_int_equal(big->length, 9);
}

static void test_text(void **unused)
{
    (void)unused;
    assert_string_equal(VALUE("X\x02\x00\x00\x00hi.")->text, "hi");
    assert_string_equal(VALUE("\x8c\x02hi.")->text, "hi");
    assert_string_equal(VALUE("\x8d\x02\x00\x00\x00\x00\x00\x00\x00hi.")->text, "hi");
    assert_int_equal(VALUE("U\x02hi.")->kind, PICKLE_TEXT);
    const struct pickle_value *bytes = VALUE("C\x03h\x00i.");
    assert_int_equal(bytes->kind, PICKLE_BYTES);
    assert_int_equal(bytes->length, 3);
}

static void test_collections(void **unused)
{
    (void)unused;
    assert_int_equal(VALUE(").")->items.len, 0);
    assert_int_equal(VALUE("(K\x01K\x02t.")->items.at[1]->integer, 2);
    assert_int_equal(VALUE("K\x01K\x02K\x03\x87.")->items.len, 3);
    assert_int_equal(VALUE("](K\x01K\x02"
                           "e.")
                         ->items.len,
                     2);
    assert_int_equal(VALUE("]K\x01"
                           "a.")
                         ->items.at[0]
                         ->integer,
                     1);
    const struct pickle_value *dict = VALUE("}(U\x01"
                                            "aK\x01U\x01"
                                            "bK\x02U\x01"
                                            "aK\x03u.");
    assert_int_equal(pickle_dict_get(dict, "a")->integer, 3);
    assert_int_equal(pickle_dict_get(dict, "b")->integer, 2);
    assert_null(pickle_dict_get(dict, "c"));
    assert_int_equal(VALUE("\x8f(K\x01\x90.")->kind, PICKLE_SET);
    assert_int_equal(VALUE("(K\x01\x91.")->items.len, 1);
    assert_int_equal(VALUE("(K\x01K\x02"
                           "d.")
                         ->kind,
                     PICKLE_DICT);
    assert_int_equal(VALUE("(K\x01l.")->kind, PICKLE_LIST);
}

static void test_stack_and_memo(void **unused)
{
    (void)unused;
    assert_int_equal(VALUE("K\x05q\x00"
                           "0h\x00.")
                         ->integer,
                     5);
    assert_int_equal(VALUE("K\x05\x94"
                           "0h\x00.")
                         ->integer,
                     5);
    assert_int_equal(VALUE("K\x05r\x03\x00\x00\x00"
                           "0j\x03\x00\x00\x00.")
                         ->integer,
                     5);
    assert_int_equal(VALUE("K\x05(K\x06K\x07"
                           "1.")
                         ->integer,
                     5);
    assert_int_equal(VALUE("K\x05(0.")->integer, 5);
    assert_int_equal(VALUE("K\x05"
                           "2\x86.")
                         ->items.len,
                     2);
    const struct pickle_value *cycle = VALUE("]q\x00h\x00"
                                             "a.");
    assert_ptr_equal(cycle->items.at[0], cycle);
}

static void test_calls_are_records(void **unused)
{
    (void)unused;
    const struct pickle_value *v = VALUE("cos\nsystem\nU\x02ls\x85R}b.");
    assert_int_equal(v->kind, PICKLE_OBJECT);
    assert_true(pickle_is_global(v->callee, "os.system"));
    assert_false(pickle_is_global(v->callee, "os.systems") || pickle_is_global(v->callee, "os"));
    assert_string_equal(v->args->items.at[0]->text, "ls");
    assert_int_equal(v->state->kind, PICKLE_DICT);
    assert_true(pickle_is_global(VALUE("\x8c\x02os\x8c\x06system\x93)\x81.")->callee, "os.system"));
    assert_true(pickle_is_global(VALUE("cos\nsystem\n)}\x92.")->callee, "os.system"));
    assert_true(pickle_is_global(VALUE("(cos\nsystem\nK\x01o.")->callee, "os.system"));
    assert_int_equal(VALUE("cx\ny\n)R(U\x01"
                           "aK\x01u(K\x01"
                           "e.")
                         ->kind,
                     PICKLE_OBJECT);
}

static void test_ordered_dict(void **unused)
{
    (void)unused;
    const struct pickle_value *v = VALUE("ccollections\nOrderedDict\n)R(U\x01"
                                         "aK\x01u}b.");
    assert_int_equal(v->kind, PICKLE_DICT);
    assert_int_equal(pickle_dict_get(v, "a")->integer, 1);
    v = VALUE("ccollections\nOrderedDict\n](](U\x01"
              "aK\x02"
              "ee\x85R.");
    assert_int_equal(pickle_dict_get(v, "a")->integer, 2);
}

static void test_persistent(void **unused)
{
    (void)unused;
    struct pickle p;
    assert_true(READ("K\x01QK\x02Q\x86.", &p));
    assert_int_equal(p.persistent.len, 2);
    assert_int_equal(p.persistent.at[1]->id->integer, 2);
}

static void test_refused(void **unused)
{
    (void)unused;
    ERROR("", "the end of the file before the pickle's");
    ERROR("K\x01", "the end of the file before the pickle's");
    ERROR("\x80\x06.", "a protocol newer than 5");
    ERROR("\x95\xff\x00\x00\x00\x00\x00\x00\x00.", "a frame longer than the file");
    ERROR("\x82\x05.", "an opcode that torch does not write");
    ERROR(".", "an opcode finds the stack empty");
    ERROR("0.", "an opcode finds the stack empty");
    ERROR("t.", "an opcode finds no mark");
    ERROR("K\x01(K\x02\x86.", "a tuple takes more values than there are");
    ERROR("h\x00.", "an unknown memo entry is fetched");
    ERROR("K\x01r\xff\xff\xff\xff.", "a memo index is out of bounds");
    ERROR("}(K\x01u.", "items are put into what cannot hold them");
    ERROR("N(K\x01"
          "e.",
          "items are put into what cannot hold them");
    ERROR("K\x01s.", "an item without key and value");
    ERROR("(K\x01"
          "d.",
          "a dict with a key but no value");
    ERROR("K\x01K\x02\x93.", "a global whose name is not text");
    ERROR("cos\nsystem", "a line without an end");
    ERROR("X\xff\xff\xff\xff"
          "a.",
          "data longer than the rest of the file");
    ERROR("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
          "a.",
          "data longer than the rest of the file");
    ERROR("J\x01\x02", "the end of the file inside an opcode");
    ERROR("(o.", "an object without a class");
}

static size_t append(char *data, size_t at, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[at + i] = bytes[i];
    return at + size;
}

/* A list that is copied again and again by calls that are granted, and a program without end: both
 * meet the limit. */
/* What protocols 0 and 1 write as text. */
static void test_text_forms(void **unused)
{
    (void)unused;
    assert_int_equal(VALUE("I-12\n.")->integer, -12);
    assert_int_equal(VALUE("I01\n.")->kind, PICKLE_BOOL);
    assert_int_equal(VALUE("I00\n.")->integer, 0);
    assert_int_equal(VALUE("L12L\n.")->integer, 12);
    assert_int_equal(VALUE("L-9223372036854775808L\n.")->integer, INT64_MIN);
    const struct pickle_value *big = VALUE("L119547037146038801333356L\n.");
    assert_int_equal(big->kind, PICKLE_LONG);
    assert_int_equal(big->length, 10);
    assert_memory_equal(big->text, "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
    assert_int_equal(VALUE("L9223372036854775808L\n.")->length, 9);
    assert_true(VALUE("F-2.5\n.")->real == -2.5);
    assert_string_equal(VALUE("S'it\\'s\\x41'\n.")->text, "it'sA");
    assert_string_equal(VALUE("S\"a\\n\"\n.")->text, "a\n");
    assert_string_equal(VALUE("Vh\\u00e9\xe9\\U0001f600\n.")->text,
                        "h\xc3\xa9\xc3\xa9\xf0\x9f\x98\x80");
    assert_int_equal(VALUE("K\x05p3\n0g3\n.")->integer, 5);
    assert_string_equal(VALUE("Pname\n.")->id->text, "name");
    const struct pickle_value *made = VALUE("(K\x01icopyreg\nfunction\n.");
    assert_true(pickle_is_global(made->callee, "copyreg.function"));
    assert_int_equal(made->args->items.at[0]->integer, 1);
    ERROR("I5x\n.", "a number that is not one");
    ERROR("I\n.", "a number that is not one");
    ERROR("F1.5 \n.", "a number that is not one");
    ERROR("S'a\n.", "a text with an escape that is not understood");
    ERROR("S'\\q'\n.", "a text with an escape that is not understood");
    ERROR("V\\u12\n.", "a text with an escape that is not understood");
    ERROR("K\x05p-1\n.", "a memo index is out of bounds");
}

/* Calls that make a dict: only with arguments that are understood. */
static void test_dicts_of_calls(void **unused)
{
    (void)unused;
    assert_int_equal(VALUE("ccollections\ndefaultdict\n(c__builtin__\nlist\ntR(U\x01"
                           "aK\x01u.")
                         ->kind,
                     PICKLE_DICT);
    assert_int_equal(VALUE("ccollections\ndefaultdict\n(K\x01tR.")->kind, PICKLE_OBJECT);
    assert_int_equal(VALUE("ccollections\nOrderedDict\n(K\x01tR.")->kind, PICKLE_OBJECT);
    assert_int_equal(VALUE("ccollections\nOrderedDict\n(](K\x01"
                           "etR.")
                         ->kind,
                     PICKLE_OBJECT);
    ERROR("cos\nsystem\nK\x01R.", "a call whose arguments are not a tuple");
    ERROR("cos\nsystem\n)}U\x01"
          "aK\x01s\x92.",
          "an object that is made with keywords");
}

static void test_limits(void **unused)
{
    (void)unused;
    enum { SIZE = 9 * 1000 * 1000 };
    char *data = malloc(SIZE);
    memset(data, '2', SIZE); /* DUP */
    append(data, 0, "K\x01", 2);
    check_error(data, SIZE, "more than 8 million opcodes");
    size_t n = append(data, 0, "ccollections\nOrderedDict\nq\x00](", 29);
    for (int i = 0; i < 100000; i++)
        n = append(data, n, "NN\x86", 3);
    n = append(data, n, "e\x85q\x01", 4);
    for (int i = 0; i < 1000; i++)
        n = append(data, n, "h\x00h\x01R", 5);
    check_error(data, n, "more than 8 million opcodes");
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_numbers, clear),
        cmocka_unit_test_teardown(test_text, clear),
        cmocka_unit_test_teardown(test_collections, clear),
        cmocka_unit_test_teardown(test_stack_and_memo, clear),
        cmocka_unit_test_teardown(test_calls_are_records, clear),
        cmocka_unit_test_teardown(test_ordered_dict, clear),
        cmocka_unit_test_teardown(test_persistent, clear),
        cmocka_unit_test_teardown(test_refused, clear),
        cmocka_unit_test_teardown(test_text_forms, clear),
        cmocka_unit_test_teardown(test_dicts_of_calls, clear),
        cmocka_unit_test_teardown(test_limits, clear),
    };
    arena_init(&arena, "test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
