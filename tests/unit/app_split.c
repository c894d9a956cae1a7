/* link: ftmrt_app */
/* Splits: by content, where samples that come, go or move take no other across; exactly; and from a file. */
#include "data_split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "split_file.h"

enum { MOST = 1000 };

/* What the source of a test holds. */
static struct {
    uint64_t content[MOST];
    int64_t class[MOST];
    const char *name[MOST];
} held;

static bool read_class(const struct source *s, int64_t i, enum field_role field,
                       struct buffer *buffer, union field_value *out)
{
    (void)s, (void)buffer;
    assert_int_equal(field, FIELD_LABEL);
    out->index = held.class[i];
    return true;
}

static bool contents(const struct source *s, int threads, uint64_t *out)
{
    (void)threads;
    memcpy(out, held.content, (size_t)s->count * sizeof *out);
    return true;
}

static const char *name(const struct source *s, int64_t i)
{
    (void)s;
    return held.name[i];
}

static char source_name[] = "pictures";

static struct source source_of(int64_t count)
{
    return (struct source){.name = source_name,
                           .base_length = sizeof source_name,
                           .count = count,
                           .read = read_class,
                           .contents = contents,
                           .fields[FIELD_LABEL] = {"labels", FIELD_INDEX}};
}

static char *labels[] = {(char[]){"a"}, (char[]){"b"}, (char[]){"c"}};

static struct split_rule rule_of(enum split_kind kind, double percent)
{
    return (struct split_rule){
        .kind = kind, .percent = percent, .seed = 3, .labels = labels, .classes = 3, .threads = 2};
}

static void fill(int64_t count, int64_t of_first)
{
    for (int64_t i = 0; i < count; i++) {
        held.content[i] = (uint64_t)i * 7919 + 5;
        held.class[i] = i < of_first ? 0 : 1;
    }
}

static bool validates(const struct split *s, int64_t sample)
{
    for (int64_t i = 0; i < s->validation_count; i++)
        if (s->validation[i] == sample)
            return true;
    return false;
}

static int64_t of_class(const int64_t *samples, int64_t count, int64_t class)
{
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++)
        found += held.class[samples[i]] == class;
    return found;
}

static void shares_are_near_the_percentage(void **state)
{
    (void)state;
    fill(MOST, 700);
    const struct source source = source_of(MOST);
    const struct split_rule rule = rule_of(SPLIT_CONTENT, 20);
    struct split s;
    assert_true(split_open(&s, &source, &rule));
    assert_int_equal(s.train_count + s.validation_count, MOST);
    assert_in_range(of_class(s.validation, s.validation_count, 0), 110, 170);
    assert_in_range(of_class(s.validation, s.validation_count, 1), 35, 85);
    split_free(&s);
}

/* Each third sample goes, the others move, and new ones come between them: none that stays changes its side. */
static void others_move_nothing(void **state)
{
    (void)state;
    static bool before[MOST];
    fill(600, 300);
    const struct source source = source_of(600);
    const struct split_rule rule = rule_of(SPLIT_CONTENT, 25);
    struct split s;
    assert_true(split_open(&s, &source, &rule));
    for (int64_t i = 0; i < 600; i++)
        before[i] = validates(&s, i);
    split_free(&s);
    for (int64_t i = 0; i < 600; i++) {
        const bool is_new = i % 3 == 0;
        held.content[i] = (uint64_t)(is_new ? i + 5000 : 600 - i) * 7919 + 5;
        held.class[i] = (is_new ? i : 600 - i) < 300 ? 0 : 1;
    }
    assert_true(split_open(&s, &source, &rule));
    for (int64_t i = 0; i < 600; i++)
        if (i % 3 != 0)
            assert_int_equal(validates(&s, i), before[600 - i]);
    split_free(&s);
}

/* A third of the samples stand twice. */
static void equal_samples_stay_together(void **state)
{
    (void)state;
    for (int kind = SPLIT_CONTENT; kind <= SPLIT_EXACT; kind++) {
        fill(400, 200);
        for (int64_t i = 0; i < 100; i++)
            held.content[i] = held.content[399 - i];
        const struct source source = source_of(400);
        const struct split_rule rule = rule_of((enum split_kind)kind, 30);
        struct split s;
        assert_true(split_open(&s, &source, &rule));
        assert_true(s.validation_count > 60);
        for (int64_t i = 0; i < 100; i++)
            assert_int_equal(validates(&s, i), validates(&s, 399 - i));
        split_free(&s);
    }
}

/* 12 samples of class 0, one of class 1, two equal ones of class 2. */
static void small_classes_have_both_sides(void **state)
{
    (void)state;
    for (int kind = SPLIT_CONTENT; kind <= SPLIT_EXACT; kind++)
        for (int percent = 1; percent < 100; percent += 97) {
            fill(15, 12);
            held.class[13] = held.class[14] = 2;
            held.content[14] = held.content[13];
            const struct source source = source_of(15);
            const struct split_rule rule = rule_of((enum split_kind)kind, percent);
            struct split s;
            assert_true(split_open(&s, &source, &rule));
            const int64_t few = percent < 50 ? of_class(s.validation, s.validation_count, 0)
                                             : of_class(s.train, s.train_count, 0);
            assert_int_equal(few, 1);
            assert_int_equal(of_class(s.train, s.train_count, 1), 1);
            assert_int_equal(of_class(s.train, s.train_count, 2), 2);
            split_free(&s);
        }
}

static void exact_is_to_the_percentage(void **state)
{
    (void)state;
    fill(200, 150);
    const struct source source = source_of(200);
    const struct split_rule rule = rule_of(SPLIT_EXACT, 10);
    struct split s;
    assert_true(split_open(&s, &source, &rule));
    assert_int_equal(of_class(s.validation, s.validation_count, 0), 15);
    assert_int_equal(of_class(s.validation, s.validation_count, 1), 5);
    assert_int_equal(s.train_count, 180);
    split_free(&s);
}

static void nothing_validates_at_0_percent(void **state)
{
    (void)state;
    fill(20, 10);
    const struct source source = source_of(20);
    const struct split_rule rule = rule_of(SPLIT_CONTENT, 0);
    struct split s;
    assert_true(split_open(&s, &source, &rule));
    assert_int_equal(s.train_count, 20);
    assert_int_equal(s.validation_count, 0);
    split_free(&s);
}

/* ---- files ---- */

static char path[] = "/tmp/ftm-split-XXXXXX";

static void write_text(const char *text)
{
    FILE *f = fopen(path, "w");
    if (!f)
        abort();
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static bool read_back(const struct source *source, bool *validates)
{
    memset(validates, 0, (size_t)source->count);
    return split_file_read(source, path, validates);
}

static void a_written_split_is_read_again(void **state)
{
    (void)state;
    bool validates[4];
    struct source source = source_of(4);
    struct split s = {(int64_t[]){0, 2}, (int64_t[]){1, 3}, 2, 2};
    static const char *const names[] = {"pictures/b", "pictures/a,\"b", "short", "pictures/\n"};
    for (size_t i = 0; i < 4; i++)
        held.name[i] = names[i];
    for (int named = 0; named < 2; named++) {
        source.sample_name = named ? name : NULL;
        FILE *f = fopen(path, "w");
        if (!f)
            abort();
        split_file_write(f, &source, &s);
        assert_int_equal(fclose(f), 0);
        assert_true(read_back(&source, validates));
        for (int i = 0; i < 4; i++)
            assert_int_equal(validates[i], i % 2);
    }
    char text[128] = "";
    FILE *f = fopen(path, "r");
    if (!f)
        abort();
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    assert_int_equal(fclose(f), 0);
    assert_string_equal(text, "sample,part\nb,train\n\"a,\"\"b\",validation\nshort,train\n\"\n\","
                              "validation\n");
}

static void other_files_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "0,train\n1,train\n",
        "sample,part\n0,train\n",
        "sample,part\n0,train\n1,test\n",
        "sample,part\n0,train\n1,train\n1,validation\n",
        "sample,part\n0,train\n1,train\n2,train\n",
        "sample,part\n0,train\n1,train,x\n",
        "sample,part\n0,train\n\"1,train\n",
        "sample,part\n0,train\n\"1\"x,train\n",
    };
    bool validates[2];
    const struct source source = source_of(2);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_text(wrong[i]);
        assert_false(read_back(&source, validates));
    }
    write_text("\xef\xbb\xbfsample,part\r\n1,validation\r\n\r\n\"0\",train");
    assert_true(read_back(&source, validates));
    assert_int_equal(validates[0] + 2 * validates[1], 2);
}

static int make_file(void **state)
{
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_near_the_percentage),
        cmocka_unit_test(others_move_nothing),
        cmocka_unit_test(equal_samples_stay_together),
        cmocka_unit_test(small_classes_have_both_sides),
        cmocka_unit_test(exact_is_to_the_percentage),
        cmocka_unit_test(nothing_validates_at_0_percent),
        cmocka_unit_test(a_written_split_is_read_again),
        cmocka_unit_test(other_files_are_refused),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
