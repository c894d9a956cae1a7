/* link: ftm_graph ftm_ops ftm_base */
/* Building, rewriting and sorting graphs; shapes as values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "graph_support.h"
#include "op.h"
#include "query.h"

static value_id input(struct fixture *f, const char *name)
{
    return graph_input(f->graph, name, f32(shape_4d(DIM_BATCH, 3, 8, 8)));
}

static void shapes(void **state)
{
    (void)state;
    char text[64];
    struct shape s = shape_4d(DIM_BATCH, 3, 64, 64), scalar = shape_scalar();
    assert_string_equal(shape_text(&s, text, sizeof text), "[N, 3, 64, 64]");
    assert_string_equal(shape_text(&scalar, text, sizeof text), "[]");
    assert_string_equal(shape_text(&s, text, 8), "[N, 3, ");
    assert_int_equal(shape_elements(&s, 2), 2 * 3 * 64 * 64);
    assert_int_equal(shape_elements(&scalar, 2), 1);
    assert_true(shape_batched(&s));
    assert_false(shape_batched(&scalar));
    struct shape t = shape_make(4, s.dim);
    assert_true(shape_equal(&s, &t));
    t.dim[3] = 63;
    assert_false(shape_equal(&s, &t));
    struct shape huge = shape_4d(INT64_MAX / 2, INT64_MAX / 2, 3, 4);
    assert_true(shape_elements(&huge, 1) == INT64_MAX);
    struct type a = f32(shape_1d(3)), b = {FTMRT_I32, shape_1d(3)};
    assert_false(type_equal(&a, &b));
}

static void building(void **state)
{
    struct fixture *f = *state;
    value_id x = input(f, "image");
    value_id y = graph_op(f->graph, OP_relu, NULL, x);
    value_id z = graph_op(f->graph, OP_add, NULL, x, y);
    graph_output(f->graph, "out", z);
    assert_true(value_same(graph_find_input(f->graph, "image"), x));
    assert_false(value_valid(graph_find_input(f->graph, "label")));
    assert_true(value_same(graph_find_output(f->graph, "out"), z));
    assert_false(value_valid(graph_find_output(f->graph, "loss")));
    assert_int_equal(graph_use_count(f->graph, x), 2);
    assert_int_equal(graph_use_count(f->graph, z), 1);
    assert_ptr_equal(program_find_function(f->program, "f"), f->graph);
    assert_null(program_find_function(f->program, "train"));
    assert_int_equal(op_by_name("relu"), OP_relu);
    assert_int_equal(op_by_name("relux"), OP_COUNT);
}

static void missing_operands_are_silent(void **state)
{
    struct fixture *f = *state;
    value_id inputs[] = {input(f, "image"), VALUE_NONE};
    value_id v = graph_add(f->graph, OP_add, inputs, 2, NULL, SPAN_NONE, NULL);
    assert_false(value_valid(v));
    assert_int_equal(f->diag.errors, 0);
    assert_int_equal(f->graph->nodes.len, 1);
}

static void states_have_one_leaf(void **state)
{
    struct fixture *f = *state;
    struct state s = {
        .name = "w", .type = f32(shape_1d(3)), .file_shape = shape_1d(3), .source = -1};
    uint32_t index = program_add_state(f->program, s);
    assert_int_equal(program_find_state(f->program, "w"), index);
    assert_int_equal(program_find_state(f->program, "b"), UINT32_MAX);
    value_id a = graph_state(f->graph, index), b = graph_state(f->graph, index);
    assert_true(value_same(a, b));
    assert_true(state_constant(&s));
    assert_true(graph_value_constant(f->graph, a));
    f->program->states.at[index].trainable = true;
    assert_false(graph_value_constant(f->graph, a));
}

static void uses_are_replaced(void **state)
{
    struct fixture *f = *state;
    value_id x = input(f, "image");
    value_id y = graph_op(f->graph, OP_relu, NULL, x);
    graph_output(f->graph, "out", x);
    value_id z = graph_op(f->graph, OP_relu6, NULL, x);
    graph_replace_uses(f->graph, x, z, z);
    assert_true(value_same(graph_node(f->graph, y)->inputs[0], z));
    assert_true(value_same(graph_node(f->graph, z)->inputs[0], x));
    assert_true(value_same(graph_find_output(f->graph, "out"), z));
}

static void sorting(void **state)
{
    struct fixture *f = *state;
    value_id x = input(f, "image");
    value_id y = graph_op(f->graph, OP_relu, NULL, x);
    value_id gone = graph_op(f->graph, OP_relu6, NULL, x);
    graph_output(f->graph, "out", y);
    input(f, "second");
    value_id z = graph_op(f->graph, OP_relu6, NULL, x);
    graph_replace_uses(f->graph, x, z, z); /* the relu now reads what stands behind it */
    graph_kill(f->graph, gone);
    graph_sort(f->graph);
    static const enum op expected[] = {OP_input, OP_input, OP_relu6, OP_relu};
    assert_int_equal(f->graph->nodes.len, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(f->graph->nodes.at[i].op, expected[i]);
    assert_string_equal(f->graph->nodes.at[1].attrs->label, "second");
    assert_int_equal(graph_find_output(f->graph, "out").i, 3);
    assert_int_equal(f->graph->nodes.at[3].inputs[0].i, 2);
}

static void sorting_keeps_an_order(void **state)
{
    struct fixture *f = *state;
    struct program *p = read_text(f, "program p batch 4 shards 1 {\n"
                                     "  state @n : i64[] buffer mutable\n"
                                     "  func train training {\n"
                                     "    %x = input {label = \"x\"} : f32[N, 2]\n"
                                     "    %n = state @n\n"
                                     "    %a = relu(%x)\n"
                                     "    %b = relu6(%x)\n"
                                     "    %c = add(%b, %a)\n"
                                     "    %d = count_update(%n)\n"
                                     "    output \"c\" = %c\n"
                                     "  }\n"
                                     "}\n");
    assert_non_null(p);
    char *before = printed(f, p);
    graph_sort(p->functions.at[0]);
    assert_string_equal(printed(f, p), before);
    graph_op(p->functions.at[0], OP_relu, NULL, (value_id){4});
    graph_sort(p->functions.at[0]); /* effects are last */
    assert_int_equal(p->functions.at[0]->nodes.at[6].op, OP_count_update);
}

/* A chain longer than any stack of calls could follow. */
static void sorting_a_long_chain(void **state)
{
    struct fixture *f = *state;
    value_id x = input(f, "image"), v = x;
    enum { LENGTH = 100000 };
    for (int i = 0; i < LENGTH; i++)
        v = graph_op(f->graph, OP_relu, NULL, v);
    for (uint32_t i = 1; i < LENGTH; i++) /* reversed: each reads the next */
        graph_set_input(f->graph, (value_id){i}, 0, (value_id){i + 1});
    graph_set_input(f->graph, (value_id){LENGTH}, 0, x);
    graph_output(f->graph, "out", (value_id){1});
    graph_sort(f->graph);
    assert_int_equal(graph_find_output(f->graph, "out").i, LENGTH);
    for (uint32_t i = 1; i <= LENGTH; i++)
        assert_int_equal(f->graph->nodes.at[i].inputs[0].i, i - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test_setup_teardown(building, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(missing_operands_are_silent, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(states_have_one_leaf, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(uses_are_replaced, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(sorting, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(sorting_keeps_an_order, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(sorting_a_long_chain, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
