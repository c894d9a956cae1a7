/* link: ftmrt_app */
/* Orders of samples in which classes are drawn. */
#include "sampling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 3000, CLASSES = 4 };

/* Class 0 has 2400 samples, 1 600 less what the others have, 2 a single one, 3 none. */
static int64_t class_of(int64_t i) { return i < 2400 ? 0 : i == 2999 ? 2 : 1; }

static bool read_class(const struct source *s, int64_t i, enum field_role field,
                       struct buffer *buffer, union field_value *out)
{
    (void)s, (void)field, (void)buffer;
    out->index = class_of(i);
    return true;
}

static const struct source source = {.name = (char[]){"counted"},
                                     .count = COUNT,
                                     .fields = {[FIELD_LABEL] = {"label", FIELD_INDEX}},
                                     .read = read_class};

static void count_classes(const int64_t *order, int64_t counts[CLASSES])
{
    memset(counts, 0, CLASSES * sizeof *counts);
    for (int i = 0; i < COUNT; i++)
        counts[class_of(order[i])]++;
}

static void classes_come_equally_often(void **state)
{
    (void)state;
    static int64_t order[COUNT], again[COUNT], seen[COUNT];
    const struct subset all = {&source, NULL, COUNT, 0};
    int64_t counts[CLASSES];
    sampling_order(order, &all, CLASSES, SAMPLING_BALANCED, 1, 1);
    count_classes(order, counts);
    for (int k = 0; k < 3; k++)
        assert_in_range(counts[k], COUNT / 3 - 100, COUNT / 3 + 100);
    assert_int_equal(counts[3], 0);
    for (int i = 0; i < COUNT; i++)
        seen[order[i]]++;
    for (int i = 0; i < 2400; i++)
        assert_in_range(seen[i], 0, 1); /* each once before any comes again */
    sampling_order(again, &all, CLASSES, SAMPLING_BALANCED, 1, 1);
    assert_memory_equal(order, again, sizeof order);
    sampling_order(again, &all, CLASSES, SAMPLING_BALANCED, 1, 2);
    assert_memory_not_equal(order, again, sizeof order);
}

static void or_by_the_root(void **state)
{
    (void)state;
    static int64_t order[COUNT];
    const struct subset all = {&source, NULL, COUNT, 0};
    int64_t counts[CLASSES];
    sampling_order(order, &all, CLASSES, SAMPLING_SQRT, 1, 1);
    count_classes(order, counts);
    assert_in_range(counts[0], 1870, 2070); /* 49 of 49 + 24.5 + 1 */
    assert_in_range(counts[1], 880, 1080);
    assert_in_range(counts[2], 20, 65);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(classes_come_equally_often),
                                       cmocka_unit_test(or_by_the_root)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
