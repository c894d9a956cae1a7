/* link: ftm_kernel_run */
/* Group normalisation and its gradient: runs of channels that fill blocks, cross them and lie inside them. */
#include "kernel_families.h"

static const struct normed {
    int64_t channels, groups, height, width;
} maps[] = {
    {16, 1, 4, 5}, {32, 2, 3, 3}, {24, 8, 5, 2}, {17, 17, 4, 4}, {1, 1, 7, 3},
    {40, 5, 2, 9}, {64, 4, 6, 6}, {15, 3, 1, 6}, {96, 32, 2, 2}, {34, 2, 3, 5},
};

static void make(struct cases *c)
{
    for (unsigned i = 0; i < sizeof maps / sizeof *maps; i++) {
        const struct normed *m = &maps[i];
        const struct attrs a = {.groups = m->groups, .eps = 1e-5};
        const struct shape s = shape_4d(DIM_BATCH, m->channels, m->height, m->width);
        struct kernel_case *k = case_new(c, 2e-6, "group_norm");
        value_id x = kernel_case_input(k, s, FTMRT_LAYOUT_BLOCKED);
        kernel_case_node(k, graph_op(k->graph, OP_group_norm, &a, x), FTMRT_LAYOUT_BLOCKED);
        k = case_new(c, 1e-5, "group_norm_grad");
        value_id dy = kernel_case_input(k, s, FTMRT_LAYOUT_BLOCKED);
        x = kernel_case_input(k, s, FTMRT_LAYOUT_BLOCKED);
        kernel_case_node(k, graph_op(k->graph, OP_group_norm_grad, &a, dy, x),
                         FTMRT_LAYOUT_BLOCKED);
    }
}

static void test_group_norm(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_group_norm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
