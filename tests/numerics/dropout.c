/* link: ftm_graph ftm_ops ftm_base */
/* What is dropped: how much of it, that it depends on every key and on nothing else, and what happens to the rest. That compiled
 * code draws the same is in elementwise.c, that a gradient does in gradcheck.c, that parts of a step do in whole_step.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "draw.h"
#include "graph.h"

enum { N = 300, C = 17, H = 5, W = 4, SAMPLE = C * H * W };

static const struct draw_keys keys = {.seed = 42, .step = 17};

/* The op of x, which is the same number everywhere; out: [N,C,H,W]. */
static void drop(enum op op, const struct attrs *attrs, const struct draw_keys *with, double x,
                 double *out)
{
    static double in[N * SAMPLE];
    const struct tensor operand = {shape_4d(N, C, H, W), in};
    for (int i = 0; i < N * SAMPLE; i++)
        in[i] = x;
    struct eval e = {
        .attrs = attrs, .in = &operand, .out = {operand.shape, out}, .n = N, .keys = *with};
    op_info(op)->eval(&e);
}

/* Elements that one draw decides on. */
static const struct op_row {
    enum op op;
    int together;
} ops[] = {{OP_dropout, 1}, {OP_dropout2d, H * W}, {OP_drop_path, SAMPLE}};

enum { OPS = sizeof ops / sizeof *ops };

/* The share that is dropped is p within four standard deviations; the rest grows by 1 / (1 - p). */
static void check_share(const struct op_row *row, double p)
{
    static double y[N * SAMPLE];
    const struct attrs attrs = {.p = p, .layer = 3};
    drop(row->op, &attrs, &keys, 2, y);
    int dropped = 0, draws = N * SAMPLE / row->together;
    for (int i = 0; i < N * SAMPLE; i++) {
        assert_true(y[i] == y[i / row->together * row->together]);
        assert_true(y[i] == 0 || y[i] == 2 * (1 / (1 - p)));
        dropped += i % row->together == 0 && y[i] == 0;
    }
    const double off = fabs(dropped - p * draws), deviation = sqrt(draws * p * (1 - p));
    if (off > 4 * deviation)
        fail_msg("%s: %d of %d are dropped with p = %g", op_info(row->op)->name, dropped, draws, p);
}

static void test_share(void **state)
{
    (void)state;
    static const double p[] = {0.1, 0.2, 0.5, 0.9};
    for (int i = 0; i < OPS; i++)
        for (int k = 0; k < 4; k++)
            check_share(&ops[i], p[k]);
}

static void test_ends(void **state)
{
    (void)state;
    static double y[N * SAMPLE];
    for (int i = 0; i < OPS; i++) {
        drop(ops[i].op, &(struct attrs){.p = 0}, &keys, 3, y);
        for (int k = 0; k < N * SAMPLE; k++)
            assert_true(y[k] == 3);
        drop(ops[i].op, &(struct attrs){.p = 1}, &keys, 3, y);
        for (int k = 0; k < N * SAMPLE; k++)
            assert_true(y[k] == 0);
        drop(ops[i].op, &(struct attrs){.p = 1}, &keys, INFINITY, y);
        assert_true(isnan(y[0])); /* as torch.nn.functional.dropout has it: infinity times 0 */
    }
}

/* Of two masks of half the elements those that agree are about a half, too. */
static void check_differs(const struct draw_keys *with, int64_t layer)
{
    static double a[N * SAMPLE], b[N * SAMPLE];
    drop(OP_dropout, &(struct attrs){.p = 0.5, .layer = 3}, &keys, 1, a);
    drop(OP_dropout, &(struct attrs){.p = 0.5, .layer = layer}, with, 1, b);
    int same = 0;
    for (int i = 0; i < N * SAMPLE; i++)
        same += a[i] == b[i];
    assert_true(fabs(2.0 * same - N * SAMPLE) < 4 * sqrt(N * SAMPLE));
}

static void test_every_key_counts(void **state)
{
    (void)state;
    check_differs(&(struct draw_keys){.seed = 43, .step = 17}, 3);
    check_differs(&(struct draw_keys){.seed = 42 + (UINT64_C(1) << 40), .step = 17}, 3);
    check_differs(&(struct draw_keys){.seed = 42, .step = 18}, 3);
    check_differs(&(struct draw_keys){.seed = 42, .step = 17, .first_image = 1}, 3);
    check_differs(&keys, 4);
}

/* The images from 100 on, in a call of their own. */
static void test_part_of_a_step(void **state)
{
    (void)state;
    static double whole[N * SAMPLE], part[N * SAMPLE];
    const struct draw_keys later = {.seed = 42, .step = 17, .first_image = 100};
    for (int i = 0; i < OPS; i++) {
        const struct attrs attrs = {.p = 0.5, .layer = 9};
        drop(ops[i].op, &attrs, &keys, 1, whole);
        drop(ops[i].op, &attrs, &later, 1, part);
        assert_memory_equal(whole + 100 * SAMPLE, part, (N - 100) * SAMPLE * sizeof *part);
    }
}

/* Numbers that were drawn once are drawn for ever: runs are resumed, results are compared. */
static void test_known_draws(void **state)
{
    (void)state;
    const struct draw_keys known = {.seed = 1, .step = 2, .first_image = 3};
    const uint64_t bits = ftmrt_random(1, 2, UINT64_C(5) + (UINT64_C(7) << 32), 6 + 256 * 11);
    assert_true(draw_uniform(&known, 11, 4, 5) == (double)((bits & 0xffffffffU) >> 8) / 16777216);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_every_key_counts),
        cmocka_unit_test(test_part_of_a_step),
        cmocka_unit_test(test_known_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
