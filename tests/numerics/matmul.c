/* link: ftm_kernel_run */
/* Products of matrices and matrices turned over: sizes within, at and past a block. */
#include "kernel_families.h"

static void make(struct cases *c)
{
    static const int64_t sizes[][3] = {{1, 1, 1},    {3, 5, 2},    {16, 8, 32}, {17, 4, 15},
                                       {33, 16, 27}, {2, 40, 100}, {8, 48, 16}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct kernel_case *k = case_new(c, 1e-6, "matmul");
        value_id a = kernel_case_input(k, shape_2d(sizes[i][0], sizes[i][1]), FTMRT_LAYOUT_VECTOR),
                 b = kernel_case_input(k, shape_2d(sizes[i][1], sizes[i][2]), FTMRT_LAYOUT_VECTOR);
        kernel_case_node(k, graph_op(k->graph, OP_matmul, NULL, a, b), FTMRT_LAYOUT_VECTOR);
        k = case_new(c, 0, "transpose");
        a = kernel_case_input(k, shape_2d(sizes[i][0], sizes[i][2]), FTMRT_LAYOUT_VECTOR);
        kernel_case_node(k, graph_op(k->graph, OP_transpose, NULL, a), FTMRT_LAYOUT_VECTOR);
    }
}

static void test_matrices(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matrices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
