/* link: ftm_kernel_run */
/* concat and its gradient: channels that begin at a block and within one, tails, many operands. */
#include "kernel_families.h"

enum { MAX_OPERANDS = 5 };

static const struct row {
    int64_t channels[MAX_OPERANDS]; /* 0: no more */
    int64_t height, width;
} rows[] = {
    {{16, 32}, 3, 4},    {{3, 5}, 2, 2},   {{17, 15, 1}, 3, 3},      {{1}, 2, 3},
    {{40, 8}, 1, 1},     {{24, 24}, 4, 3}, {{2, 2, 2, 2, 30}, 2, 2}, {{16, 3, 16}, 5, 2},
    {{15, 1, 16}, 2, 2},
};

static struct shape part(const struct row *r, int64_t channels)
{
    return shape_4d(DIM_BATCH, channels, r->height, r->width);
}

static int64_t make_forward(struct cases *c, const struct row *r)
{
    struct kernel_case *k = case_new(c, 0, "concat");
    value_id inputs[MAX_OPERANDS];
    uint32_t count = 0;
    int64_t all = 0;
    for (; count < MAX_OPERANDS && r->channels[count]; count++) {
        inputs[count] = kernel_case_input(k, part(r, r->channels[count]), FTMRT_LAYOUT_BLOCKED);
        all += r->channels[count];
    }
    kernel_case_node(k, graph_op_(k->graph, OP_concat, NULL, inputs, count), FTMRT_LAYOUT_BLOCKED);
    return all;
}

static void make(struct cases *c)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t all = make_forward(c, &rows[i]);
        struct attrs a = {0};
        for (uint32_t j = 0; j < MAX_OPERANDS && rows[i].channels[j]; j++) {
            struct kernel_case *k = case_new(c, 0, "concat_grad");
            a.channels = rows[i].channels[j];
            value_id dy = kernel_case_input(k, part(&rows[i], all), FTMRT_LAYOUT_BLOCKED);
            kernel_case_node(k, graph_op(k->graph, OP_concat_grad, &a, dy), FTMRT_LAYOUT_BLOCKED);
            a.first += a.channels;
        }
    }
}

static void test_concat(void **state)
{
    (void)state;
    at_every_level(make);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_concat)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
