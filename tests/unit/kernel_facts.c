/* link: ftm_kernel ftm_graph ftm_ops ftm_base */
/* The table of kernels agrees with that of the ops, and knows where lanes past the last channel need a
 * mask. */
#include "facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "op.h"
#include "optimizer.h"
#include "padding.h"

static const struct row {
    enum op op;
    const char *variant;
    const struct kernel_facts *facts;
} rows[] = {
#define FTM_KERNEL(op, variant, facts, family) {OP_##op, #variant, &facts_##facts},
#include "kernel.def"
#undef FTM_KERNEL
};

enum { ROWS = sizeof rows / sizeof *rows };

/* What the verifier allows by the op's row is all that a kernel takes. */
static void test_steps_agree(void **state)
{
    (void)state;
    for (int i = 0; i < ROWS; i++)
        if (rows[i].facts->takes_steps != op_takes_steps(rows[i].op))
            fail_msg("%s, %s: op and kernel disagree on steps", op_info(rows[i].op)->name,
                     rows[i].variant);
}

static void test_every_op_has_a_kernel(void **state)
{
    (void)state;
    for (int op = 0; op < OP_COUNT; op++) {
        enum op_class cls = op_info((enum op)op)->cls;
        bool found =
            (cls != OP_CLASS_ANCHOR && cls != OP_CLASS_EFFECT) || optimizer_rule((enum op)op);
        for (int i = 0; i < ROWS; i++)
            found |= rows[i].op == (enum op)op;
        if (!found)
            fail_msg("no kernel computes %s", op_info((enum op)op)->name);
    }
}

static void test_variants_differ(void **state)
{
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        enum kernel_id id = kernel_by_variant(rows[i].op, rows[i].variant);
        if (kernel_facts(id) != rows[i].facts)
            fail_msg("%s has two kernels called %s", op_info(rows[i].op)->name, rows[i].variant);
    }
}

/* ---- padding ---- */

struct site {
    struct arena arena;
    struct diag diag;
    struct graph *g;
    value_id x, one_channel, one_pixel, number, c;
};

static value_id input(struct site *s, const char *name, struct shape shape)
{
    return graph_input(s->g, name, (struct type){FTMRT_F32, shape});
}

static void site_init(struct site *s)
{
    arena_init(&s->arena, "test");
    diag_init(&s->diag, &s->arena);
    s->g = program_add_function(program_new(&s->arena, &s->diag, "p", 2), "f", false);
    s->x = input(s, "x", shape_4d(DIM_BATCH, 17, 3, 4));
    s->one_channel = input(s, "one_channel", shape_4d(DIM_BATCH, 1, 3, 4));
    s->one_pixel = input(s, "one_pixel", shape_4d(DIM_BATCH, 17, 1, 1));
    s->number = input(s, "number", shape_scalar());
    s->c = input(s, "c", shape_1d(17));
}

static bool stays_zero(const struct site *s, value_id v)
{
    return padding_stays_zero(s->g, graph_node(s->g, v));
}

static void test_padding(void **state)
{
    (void)state;
    struct site s;
    site_init(&s);
    const struct attrs eps = {.eps = 1e-5}, none = {.eps = 0}, lost = {.eps = 1e-60};
    assert_true(stays_zero(&s, graph_op(s.g, OP_relu, NULL, s.x)));
    assert_false(stays_zero(&s, graph_op(s.g, OP_sigmoid, NULL, s.x)));
    assert_true(stays_zero(&s, graph_op(s.g, OP_mul, NULL, s.x, s.x)));
    assert_true(stays_zero(&s, graph_op(s.g, OP_mul, NULL, s.x, s.one_pixel)));
    assert_false(stays_zero(&s, graph_op(s.g, OP_mul, NULL, s.x, s.one_channel)));
    assert_false(stays_zero(&s, graph_op(s.g, OP_mul, NULL, s.x, s.number)));
    assert_true(stays_zero(&s, graph_op(s.g, OP_bn_scale, &eps, s.c, s.c)));
    assert_false(stays_zero(&s, graph_op(s.g, OP_bn_scale, &none, s.c, s.c)));
    assert_false(stays_zero(&s, graph_op(s.g, OP_bn_scale, &lost, s.c, s.c)));
    arena_clear(&s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_agree),
        cmocka_unit_test(test_every_op_has_a_kernel),
        cmocka_unit_test(test_variants_differ),
        cmocka_unit_test(test_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
