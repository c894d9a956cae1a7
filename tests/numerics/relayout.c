/* link: ftm_kernel_run */
/* Copies between layouts: in both directions of every pair that compiled programs use, and back to
 * plain from each. */
#include "kernel_families.h"

static const struct copy {
    uint32_t rank;
    int64_t dim[4];
    enum ftmrt_layout from, to;
} copies[] = {
    {4, {DIM_BATCH, 3, 7, 5}, FTMRT_LAYOUT_PLAIN, FTMRT_LAYOUT_BLOCKED},
    {4, {DIM_BATCH, 40, 3, 3}, FTMRT_LAYOUT_PLAIN, FTMRT_LAYOUT_BLOCKED},
    {4, {DIM_BATCH, 17, 4, 6}, FTMRT_LAYOUT_BLOCKED, FTMRT_LAYOUT_PLAIN},
    {4,
     {DIM_BATCH, 40, 5, 9},
     FTMRT_LAYOUT_PLAIN,
     FTMRT_LAYOUT_BLOCKED}, /* by squares, and a rest */
    {4, {DIM_BATCH, 35, 5, 9}, FTMRT_LAYOUT_BLOCKED, FTMRT_LAYOUT_PLAIN},
    {4, {DIM_BATCH, 32, 8, 8}, FTMRT_LAYOUT_BLOCKED, FTMRT_LAYOUT_PLAIN},
    {4, {DIM_BATCH, 3, 16, 16}, FTMRT_LAYOUT_PLAIN, FTMRT_LAYOUT_BLOCKED},
    {2, {DIM_BATCH, 10}, FTMRT_LAYOUT_BLOCKED, FTMRT_LAYOUT_PLAIN},
    {2, {DIM_BATCH, 100}, FTMRT_LAYOUT_PLAIN, FTMRT_LAYOUT_BLOCKED},
    {4, {24, 17, 3, 3}, FTMRT_LAYOUT_CONV, FTMRT_LAYOUT_CONV_T},
    {4, {16, 48, 1, 1}, FTMRT_LAYOUT_CONV, FTMRT_LAYOUT_CONV_T},
    {4, {40, 3, 5, 5}, FTMRT_LAYOUT_CONV_T, FTMRT_LAYOUT_CONV},
    {4, {24, 17, 3, 3}, FTMRT_LAYOUT_CONV, FTMRT_LAYOUT_PLAIN},
    {4, {24, 17, 3, 3}, FTMRT_LAYOUT_CONV_T, FTMRT_LAYOUT_PLAIN},
    {4, {24, 17, 3, 3}, FTMRT_LAYOUT_PLAIN, FTMRT_LAYOUT_CONV},
    {4, {24, 17, 3, 3}, FTMRT_LAYOUT_PLAIN, FTMRT_LAYOUT_CONV_T},
    {4, {24, 1, 3, 3}, FTMRT_LAYOUT_DEPTHWISE, FTMRT_LAYOUT_PLAIN},
    {4, {24, 1, 3, 3}, FTMRT_LAYOUT_PLAIN, FTMRT_LAYOUT_DEPTHWISE},
    {1, {17}, FTMRT_LAYOUT_VECTOR, FTMRT_LAYOUT_PLAIN},
    {2, {2, 17}, FTMRT_LAYOUT_VECTOR, FTMRT_LAYOUT_PLAIN},
    {2, {2, 17}, FTMRT_LAYOUT_PLAIN, FTMRT_LAYOUT_VECTOR},
};

enum { COPIES = sizeof copies / sizeof copies[0] };

static void make(struct cases *c)
{
    for (int i = 0; i < COPIES; i++) {
        const struct copy *p = &copies[i];
        struct attrs a = {.to = p->to};
        char label[64];
        snprintf(label, sizeof label, "relayout %s -> %s", ftmrt_layout_name(p->from),
                 ftmrt_layout_name(p->to));
        struct kernel_case *k = case_new(c, 0, label);
        value_id x = kernel_case_input(k, shape_make(p->rank, p->dim), p->from);
        kernel_case_node(k, graph_op(k->graph, OP_relayout, &a, x), p->to);
    }
}

static void test_relayouts(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_relayouts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
