/* link: ftm_graph ftm_ops ftm_base */
/* The interpreter: order of evaluation, steps, effects. The ops' own values are tested with the
 * ops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "graph_support.h"
#include "interp.h"

static struct tensor tensor_of(struct shape shape, double *data)
{
    return (struct tensor){shape, data};
}

static void steps_follow_the_anchor(void **state)
{
    struct fixture *f = *state;
    struct program *p =
        read_text(f, "program p batch 4 shards 1 {\n"
                     "  state @w : f32[2, 1, 1, 1] parameter\n"
                     "  state @b : f32[2] parameter\n"
                     "  func predict {\n"
                     "    %x = input {label = \"x\"} : f32[N, 1, 1, 2]\n"
                     "    %w = state @w\n"
                     "    %b = state @b\n"
                     "    %c = conv2d(%x, %w)\n"
                     "    %d = bias_add(%c, %b)\n"
                     "    %e = relu(%d)\n"
                     "    %f = add(%e, %c)\n"
                     "    %g = conv2d(%x, %w) then bias_add(%b) then relu then add(%c)\n"
                     "    %h = relayout(%g) {to = blocked} : f32[N, 2, 1, 2] blocked\n"
                     "    output \"plain\" = %f\n"
                     "    output \"fused\" = %h\n"
                     "  }\n"
                     "}\n");
    assert_non_null(p);
    struct interp *in = interp_new(&f->arena, p);
    interp_set_state(in, 0, (const float[]){2, -3});
    interp_set_state(in, 1, (const float[]){1, 0.5F});
    double x[] = {1, -2, 3, 4};
    struct tensor input = tensor_of(shape_4d(2, 1, 1, 2), x), out[2], *values;
    interp_run(in, &f->arena, p->functions.at[0], 2, &input, out, &values);
    static const double expected[] = {5, -4, -3, 12.5, 13, 17, -9, -12};
    assert_int_equal(out[0].shape.dim[0], 2);
    for (int i = 0; i < 8; i++) {
        assert_true(out[0].data[i] == expected[i]);
        assert_true(out[1].data[i] == expected[i]);
    }
    assert_true(values[3].data[0] == 2);
}

/* Reads see the states as they were when the function started. */
static void effects_update_states(void **state)
{
    struct fixture *f = *state;
    struct program *p = read_text(f, "program p batch 4 shards 1 {\n"
                                     "  state @w : f32[2] parameter trainable\n"
                                     "  state @m : f32[2] slot mutable\n"
                                     "  state @n : i64[] buffer mutable\n"
                                     "  func train training {\n"
                                     "    %g = input {label = \"g\"} : f32[2]\n"
                                     "    %lr = input {label = \"lr\"} : f32[]\n"
                                     "    %mu = input {label = \"mu\"} : f32[]\n"
                                     "    %wd = input {label = \"wd\"} : f32[]\n"
                                     "    %w = state @w\n"
                                     "    %m = state @m\n"
                                     "    %n = state @n\n"
                                     "    %y = relu(%w)\n"
                                     "    %s = sgd(%g, %w, %m, %lr, %mu, %wd) {nesterov = false}\n"
                                     "    %t = count_update(%n)\n"
                                     "    output \"y\" = %y\n"
                                     "  }\n"
                                     "}\n");
    assert_non_null(p);
    struct interp *in = interp_new(&f->arena, p);
    interp_set_state(in, 0, (const float[]){1, 2});
    interp_set_state(in, 2, (const int64_t[]){41});
    double g[] = {1, -1}, lr[] = {0.5}, mu[] = {0.9}, wd[] = {0};
    struct tensor inputs[] = {tensor_of(shape_1d(2), g), tensor_of(shape_scalar(), lr),
                              tensor_of(shape_scalar(), mu), tensor_of(shape_scalar(), wd)};
    struct tensor out;
    interp_run(in, &f->arena, p->functions.at[0], 1, inputs, &out, NULL);
    assert_true(out.data[0] == 1 && out.data[1] == 2);
    assert_true(in->states[0].data[0] == 0.5 && in->states[0].data[1] == 2.5);
    assert_true(in->states[1].data[0] == 1 && in->states[1].data[1] == -1);
    interp_run(in, &f->arena, p->functions.at[0], 1, inputs, &out, NULL);
    assert_true(fabs(in->states[0].data[0] - -0.45) < 1e-15);
    assert_true(in->states[2].data[0] == 43);
}

static void states_of_every_type(void **state)
{
    struct fixture *f = *state;
    struct program *p = read_text(f, "program p batch 4 shards 1 {\n"
                                     "  state @a : f16[5] buffer\n"
                                     "  state @b : bf16[2] buffer\n"
                                     "  state @c : f64[1] buffer\n"
                                     "  state @d : i8[1] buffer\n"
                                     "  state @e : u8[1] buffer\n"
                                     "  state @f : i16[1] buffer\n"
                                     "  state @g : i32[1] buffer\n"
                                     "  state @h : bool[1] buffer\n"
                                     "}\n");
    assert_non_null(p);
    struct interp *in = interp_new(&f->arena, p);
    interp_set_state(in, 0, (const uint16_t[]){0x3C00, 0xC000, 0x0001, 0x7C00, 0x3555});
    assert_true(in->states[0].data[0] == 1 && in->states[0].data[1] == -2);
    assert_true(in->states[0].data[2] == ldexp(1, -24) && isinf(in->states[0].data[3]));
    assert_true(in->states[0].data[4] == 0.333251953125);
    interp_set_state(in, 1, (const uint16_t[]){0x3F80, 0xC040});
    assert_true(in->states[1].data[0] == 1 && in->states[1].data[1] == -3);
    interp_set_state(in, 2, (const double[]){0.1});
    interp_set_state(in, 3, (const int8_t[]){-7});
    interp_set_state(in, 4, (const uint8_t[]){200});
    interp_set_state(in, 5, (const int16_t[]){-300});
    interp_set_state(in, 6, (const int32_t[]){70000});
    interp_set_state(in, 7, (const uint8_t[]){1});
    static const double expected[] = {0.1, -7, 200, -300, 70000, 1};
    for (int i = 0; i < 6; i++)
        assert_true(in->states[2 + i].data[0] == expected[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(steps_follow_the_anchor, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(effects_update_states, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(states_of_every_type, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
