/* link: ftm_kernel_run */
/* concat and narrow: along channels that begin at a block and within one, rows and columns; tails, many operands, constants. */
#include "kernel_families.h"

enum { MAX_OPERANDS = 5 };

static const struct row {
    int64_t places[MAX_OPERANDS]; /* along the dimension; 0: no more */
    int64_t dim, channels, height, width;
} rows[] = {
    {{16, 32}, 1, 0, 3, 4},         {{3, 5}, 1, 0, 2, 2},
    {{17, 15, 1}, 1, 0, 3, 3},      {{1}, 1, 0, 2, 3},
    {{40, 8}, 1, 0, 1, 1},          {{24, 24}, 1, 0, 4, 3},
    {{2, 2, 2, 2, 30}, 1, 0, 2, 2}, {{16, 3, 16}, 1, 0, 5, 2},
    {{15, 1, 16}, 1, 0, 2, 2},      {{2, 5, 1}, 2, 17, 0, 3},
    {{4, 4}, 2, 16, 0, 5},          {{1, 1, 3}, 2, 33, 0, 1},
    {{2, 5, 1}, 3, 15, 4, 0},       {{3, 3}, 3, 32, 2, 0},
    {{1, 2, 1, 7}, 3, 1, 3, 0},
};

static struct shape part(const struct row *r, int64_t places)
{
    struct shape s = shape_4d(DIM_BATCH, r->channels, r->height, r->width);
    s.dim[r->dim] = places;
    return s;
}

/* constant: the operand that is one; -1: none. Returns the places of all. */
static int64_t make_forward(struct cases *c, const struct row *r, int64_t constant)
{
    struct kernel_case *k = case_new(c, 0, "concat");
    value_id inputs[MAX_OPERANDS];
    uint32_t count = 0;
    int64_t all = 0;
    for (; count < MAX_OPERANDS && r->places[count]; count++) {
        struct type type = {FTMRT_F32, part(r, r->places[count])};
        inputs[count] = count == constant ? graph_constant(k->graph, 0.5, type)
                                          : kernel_case_input_of(k, type, FTMRT_LAYOUT_BLOCKED);
        graph_node(k->graph, inputs[count])->form.layout = FTMRT_LAYOUT_BLOCKED;
        all += r->places[count];
    }
    const struct attrs a = {.dim = r->dim};
    kernel_case_node(k, graph_op_(k->graph, OP_concat, &a, inputs, count), FTMRT_LAYOUT_BLOCKED);
    return all;
}

static void make(struct cases *c)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t all = make_forward(c, &rows[i], -1);
        struct attrs a = {.dim = rows[i].dim};
        if (rows[i].places[1])
            make_forward(c, &rows[i], 1);
        for (uint32_t j = 0; j < MAX_OPERANDS && rows[i].places[j]; j++) {
            struct kernel_case *k = case_new(c, 0, "narrow");
            a.length = rows[i].places[j];
            value_id dy = kernel_case_input(k, part(&rows[i], all), FTMRT_LAYOUT_BLOCKED);
            kernel_case_node(k, graph_op(k->graph, OP_narrow, &a, dy), FTMRT_LAYOUT_BLOCKED);
            a.start += a.length;
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
