/* link: ftm_kernel_run */
/* Copies with the dimensions in another order: between values of all ranks, lying in blocks or plain, of channels that fill
 * their blocks and that do not. */
#include "kernel_families.h"

static const struct order {
    struct shape x;
    int64_t dims[SHAPE_MAX_RANK];
} orders[] = {
    {{4, {DIM_BATCH, 33, 3, 5}}, {0, 2, 3, 1}},
    {{4, {DIM_BATCH, 3, 5, 33}}, {0, 3, 1, 2}},
    {{4, {DIM_BATCH, 40, 28, 19}}, {0, 2, 3, 1}},
    {{4, {DIM_BATCH, 19, 16, 34}}, {0, 3, 2, 1}},
    {{4, {DIM_BATCH, 17, 4, 6}}, {0, 1, 3, 2}},
    {{4, {DIM_BATCH, 16, 16, 2}}, {0, 2, 1, 3}},
    {{4, {DIM_BATCH, 1, 15, 7}}, {0, 3, 2, 1}},
    {{4, {DIM_BATCH, 20, 2, 3}}, {0, 1, 2, 3}},
    {{3, {DIM_BATCH, 5, 19}}, {0, 2, 1}},
    {{3, {DIM_BATCH, 33, 50}}, {0, 2, 1}},
    {{4, {DIM_BATCH, 6, 17, 20}}, {0, 2, 1, 3}},
    {{2, {DIM_BATCH, 21}}, {0, 1}},
    {{5, {DIM_BATCH, 2, 3, 4, 5}}, {0, 3, 1, 4, 2}},
    {{6, {DIM_BATCH, 4, 2, 2, 3, 3}}, {0, 1, 4, 2, 5, 3}},
};

static enum ftmrt_layout layout_of(const struct shape *s, bool plain)
{
    return !plain && (s->rank == 2 || s->rank == 4) ? FTMRT_LAYOUT_BLOCKED : FTMRT_LAYOUT_PLAIN;
}

static void make(struct cases *c)
{
    for (unsigned i = 0; i < sizeof orders / sizeof *orders; i++)
        for (int plain = 0; plain < 4; plain++) {
            struct kernel_case *k = case_new(c, 0, "permute");
            const struct attrs a = {.dims = {orders[i].x.rank, orders[i].dims}};
            value_id x = kernel_case_input(k, orders[i].x, layout_of(&orders[i].x, plain & 1));
            value_id y = graph_op(k->graph, OP_permute, &a, x);
            kernel_case_node(k, y, layout_of(graph_shape(k->graph, y), plain & 2));
        }
}

static void test_permute(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_permute)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
