/* link: ftm_kernel_run */
/* Products of matrices for each image and group, either stored turned over: sizes within, at and past a vector and a tile. */
#include "kernel_families.h"

static void add_case(struct cases *c, const int64_t size[4], bool transpose_a, bool transpose_b)
{
    const struct attrs t = {
        .groups = size[0], .transpose_a = transpose_a, .transpose_b = transpose_b};
    const int64_t groups = size[0], rows = size[1], inner = size[2], columns = size[3];
    const int64_t a[] = {DIM_BATCH, groups * (transpose_a ? inner : rows),
                         transpose_a ? rows : inner},
                  b[] = {DIM_BATCH, groups * (transpose_b ? columns : inner),
                         transpose_b ? inner : columns};
    struct kernel_case *k = case_new(c, 2e-6, "bmm");
    value_id x = kernel_case_input(k, shape_make(3, a), FTMRT_LAYOUT_PLAIN),
             y = kernel_case_input(k, shape_make(3, b), FTMRT_LAYOUT_PLAIN);
    kernel_case_node(k, graph_op(k->graph, OP_bmm, &t, x, y), FTMRT_LAYOUT_PLAIN);
}

static void make(struct cases *c)
{
    static const int64_t sizes[][4] = {{1, 1, 1, 1},    {2, 3, 5, 15},   {1, 16, 1, 16},
                                       {3, 17, 4, 17},  {1, 33, 15, 33}, {2, 40, 16, 50},
                                       {1, 15, 33, 64}, {4, 31, 17, 100}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int form = 0; form < 4; form++)
            add_case(c, sizes[i], form & 1, form & 2);
}

static void test_products(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
