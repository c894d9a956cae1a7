/* link: ftm_kernel_run */
/* split: runs of channels that begin at a block and within one, on maps and rows; and concat where a
 * constant stands for a part. */
#include "kernel_families.h"

enum { MAX_PARTS = 4 };

static const struct row {
    int64_t sizes[MAX_PARTS]; /* 0: no more */
    int64_t height, width;    /* 0: rows without a map */
} rows[] = {
    {{16, 32}, 3, 4},    {{3, 5}, 2, 2},        {{17, 15, 1}, 3, 3},
    {{7}, 2, 3},         {{32, 8, 16}, 1, 1},   {{40, 3}, 0, 0},
    {{16, 16, 4}, 0, 0}, {{1, 1, 1, 29}, 2, 5}, {{15, 1, 32}, 2, 2},
};

static struct shape shape_of(const struct row *r, int64_t channels)
{
    return r->height ? shape_4d(DIM_BATCH, channels, r->height, r->width)
                     : shape_2d(DIM_BATCH, channels);
}

static uint32_t parts_of(const struct row *r, int64_t *channels)
{
    uint32_t count = 0;
    for (*channels = 0; count < MAX_PARTS && r->sizes[count]; count++)
        *channels += r->sizes[count];
    return count;
}

static void make_split(struct cases *c, const struct row *r)
{
    struct kernel_case *k = case_new(c, 0, "split");
    int64_t channels;
    uint32_t count = parts_of(r, &channels);
    value_id x = kernel_case_input(k, shape_of(r, channels), FTMRT_LAYOUT_BLOCKED);
    const struct attrs a = {.sizes = {count, r->sizes}};
    kernel_case_node(k, graph_op(k->graph, OP_split, &a, x), FTMRT_LAYOUT_BLOCKED);
}

/* Its gradient with a part that nothing reads: all but one operand are in memory. */
static void make_gradient(struct cases *c, const struct row *r, uint32_t unread)
{
    struct kernel_case *k = case_new(c, 0, "concat with a constant");
    value_id parts[MAX_PARTS];
    int64_t channels;
    uint32_t count = parts_of(r, &channels);
    for (uint32_t i = 0; i < count; i++) {
        struct type type = {FTMRT_F32, shape_of(r, r->sizes[i])};
        parts[i] = i == unread ? graph_constant(k->graph, 0.5, type)
                               : kernel_case_input_of(k, type, FTMRT_LAYOUT_BLOCKED);
        graph_node(k->graph, parts[i])->form.layout = FTMRT_LAYOUT_BLOCKED;
    }
    kernel_case_node(k, graph_op_(k->graph, OP_concat, &(struct attrs){.dim = 1}, parts, count),
                     FTMRT_LAYOUT_BLOCKED);
}

static void make(struct cases *c)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_split(c, &rows[i]);
        for (uint32_t j = 0; j < MAX_PARTS && rows[i].sizes[j]; j++)
            make_gradient(c, &rows[i], j);
    }
}

static void test_split(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_split)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
